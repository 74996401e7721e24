using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Tells an attempt that failed by its own doing from one that this worker's view of the artifact store has failed.
/// </summary>
internal sealed class StoreBlame(IArtifactSight sight, ClusterPaths paths, IOptions<WorkerOptions> options)
{
    /// <summary>
    /// What the end of an attempt is to count as. Where the worker cannot use the store, that is nobody's fault, so that one
    /// badly mounted worker fails no job; the worker knows it from then on and takes nothing. A store that is full stays the
    /// attempt's, which may have filled it.
    /// </summary>
    public async Task<AttemptFailure> Judge(AttemptFailure failure, CancellationToken cancellationToken) =>
        failure.Kind == FailureKind.Storage && await sight.LookAgain(cancellationToken) is { } fault && !IsFull()
            ? failure with { Kind = FailureKind.WorkerLost, Message = $"{failure.Message} ({fault})" }
            : failure;

    private bool IsFull() => paths.ArtifactFolder is { } folder
        && DiskRoom.FreeBytes(folder) < options.Value.Limits.LeastFreeBytes;
}
