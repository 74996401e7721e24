using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to whatever runs the worker processes of this cluster.</summary>
internal interface IScaleTarget
{
    /// <summary>
    /// Its word in <c>cluster/status</c>: <c>local-processes</c>, <c>docker</c>, <c>kubernetes</c>, <c>fixed</c>.
    /// </summary>
    string Name { get; }

    /// <summary>False when workers are run by hand; then nothing but <see cref="List"/> is called, and it answers none.</summary>
    bool CanScale { get; }

    /// <summary>Whether <see cref="Start"/> gives workers the shape asked for; false when it is fixed elsewhere.</summary>
    bool CanShape => CanScale;

    /// <summary>Workers that it has started: those that run, oldest first, and those that ended lately.</summary>
    Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken);

    /// <summary>Starts that many more. Returns when they are on their way, not when they are active.</summary>
    Task Start(int count, WorkerShape shape, CancellationToken cancellationToken);

    /// <summary>
    /// Ends workers: politely, so that each finishes what it runs, or at once. Unknown ids are ignored, and asking twice is
    /// asking once.
    /// </summary>
    Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken);
}
