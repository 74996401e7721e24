using Orleans.Cluster.Planning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// An executor for short questions (probe, align, parse, bind, export), one per silo, started when first asked and started again
/// when it dies. Calls may come at once from several threads. Cancelling a call ends it here; the executor may finish it unseen.
/// </summary>
internal interface IPlanningEngine : ISqlEngine
{
    /// <inheritdoc cref="IExecutor.ProbeAsync"/>
    Task<DatasetProbe> Probe(ProbeRequest request, CancellationToken cancellationToken);

    /// <inheritdoc cref="IExecutor.AlignAsync"/>
    Task<IReadOnlyList<AlignedRange>> Align(AlignRequest request, CancellationToken cancellationToken);

    /// <inheritdoc cref="IExecutor.ExportAsync"/>
    Task<ExportedRows> Export(ExportRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Runs a small task of the gateway's own, such as one that shows the first rows of a dataset. Its files are the caller's to
    /// remove.
    /// </summary>
    Task<TaskManifest> Run(TaskSpec task, CancellationToken cancellationToken);
}
