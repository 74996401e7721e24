using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Port to the workers of the last hour, so that the list of those that are gone outlives the gateway that saw them go.
/// </summary>
internal interface IWorkerHistory
{
    /// <summary>
    /// Workers seen at or after that time, the longest silent first; at most <see cref="MaxWorkers"/>, the latest. One that was
    /// alive when its gateway ended is among them as it was then.
    /// </summary>
    Task<IReadOnlyList<WorkerStatus>> List(DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Writes workers as they are now, and removes those last seen before that time. One that is dead stays dead.
    /// </summary>
    Task Write(IReadOnlyCollection<WorkerStatus> workers, DateTimeOffset forgetBefore, CancellationToken cancellationToken);

    /// <summary>Rows kept at most.</summary>
    const int MaxWorkers = 256;
}
