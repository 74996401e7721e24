using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Runtime;

namespace Orleans.Cluster.Coordination.Artifacts;

/// <summary>
/// Whether a committed artifact is lost. One process with a store that is not mounted, or is another's, sees nothing of what
/// everybody made: its word alone must not undo their work. So a loss is believed when this process sees the store's mark and not
/// the artifact, and another process, on a gateway where there is one, sees the same.
/// </summary>
internal sealed partial class LossJudge(
    ICheckpointStore checkpoints, IArtifactSight sight, IClusterMembershipService membership, ILocalSiloDetails here,
    IGrainFactory grains,
    ILogger<LossJudge> logger) : ILossJudge
{
    private const string GatewayName = "gateway-";

    public async Task<LossVerdict> Judge(AttemptId producer, CancellationToken cancellationToken)
    {
        if (sight.FindFault() is { } fault)
        {
            Log.Blind(logger, producer, fault);
            return LossVerdict.Unproven;
        }

        if (await checkpoints.Find(producer.Task, cancellationToken) is not { State: PartitionState.Committed } partition
            || partition.Attempt != producer.Number
            || await sight.Look(partition, cancellationToken) != ArtifactSeen.Lost)
        {
            return LossVerdict.Unproven; // Made again meanwhile, or there after all.
        }

        var seen = await LookElsewhere(producer);
        if (seen != ArtifactSeen.Lost)
        {
            Log.NotAgreed(logger, producer, seen);
        }

        if (seen == ArtifactSeen.Whole)
        {
            sight.Distrust(partition);
        }

        return seen switch
        {
            ArtifactSeen.Lost => LossVerdict.Lost,
            ArtifactSeen.Whole => LossVerdict.SeenElsewhere,
            _ => LossVerdict.Unproven,
        };
    }

    // A cluster of one process has nobody else to ask.
    private async Task<ArtifactSeen> LookElsewhere(AttemptId producer)
    {
        var others = membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(here.SiloAddress))
            .OrderByDescending(member => member.Name?.StartsWith(GatewayName, StringComparison.Ordinal) == true)
            .ThenByDescending(member => !member.SiloAddress.Endpoint.Address.Equals(here.SiloAddress.Endpoint.Address))
            .ThenBy(member => member.SiloAddress)
            .ToList();
        if (others.Count == 0)
        {
            return ArtifactSeen.Lost;
        }

        try
        {
            var silo = others[0].SiloAddress;
            RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo);
            return await grains.GetGrain<ISightGrain>(GrainKeys.Sight(silo)).Look(producer);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException or StorageUnavailableException)
        {
            Log.NobodyLooked(logger, producer, exception.Message);
            return ArtifactSeen.Unknown;
        }
        finally
        {
            RequestContext.Remove(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 130, Level = LogLevel.Warning,
            Message = "The output of {Producer} seems lost, but this process may not see the artifact store: {Fault}")]
        public static partial void Blind(ILogger logger, AttemptId producer, string fault);

        [LoggerMessage(
            EventId = 131, Level = LogLevel.Warning,
            Message = "The output of {Producer} is not seen by this process; another one says: {Seen}. It is kept.")]
        public static partial void NotAgreed(ILogger logger, AttemptId producer, ArtifactSeen seen);

        [LoggerMessage(
            EventId = 132, Level = LogLevel.Warning,
            Message = "The output of {Producer} is not seen by this process, and no other could be asked: {Message}")]
        public static partial void NobodyLooked(ILogger logger, AttemptId producer, string message);
    }
}
