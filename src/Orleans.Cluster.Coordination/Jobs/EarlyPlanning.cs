using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Plans jobs before they are accepted: faults of the data are answered before anything is stored, where they are found in time;
/// otherwise the job's own grain plans.
/// </summary>
internal sealed partial class EarlyPlanning(IJobPlanning planning, IOptions<JobOptions> options, ILogger<EarlyPlanning> logger)
{
    /// <summary>The plan; null when it is not made in time, or the engine broke, which says nothing of the job.</summary>
    /// <exception cref="ClusterException">What is wrong with its data.</exception>
    public async Task<JobPlan?> TryPlan(JobSpec spec, CancellationToken cancellationToken)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(options.Value.PlanBeforeAccept);
        try
        {
            // Not until what is given up has ended: the caller has an answer before that.
            return await planning.Plan(spec, [], bound.Token).WaitAsync(bound.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (ClusterException refusal) when (refusal.Code.HttpStatus >= 500
            || refusal.Code == Contracts.ProblemCode.ExecutorCrashed)
        {
            Log.NotPlanned(logger, refusal.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 110, Level = LogLevel.Warning, Message = "A job could not be planned before it was accepted: {Message}")]
        public static partial void NotPlanned(ILogger logger, string message);
    }
}
