using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Runtime;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Starts attempts that this worker holds, each under a grain of its own here. The grain is only the attempt's address: whatever
/// keeps it from being placed, the work starts all the same, since an attempt that is held and never started would hold its slot
/// for ever.
/// </summary>
internal sealed partial class AttemptStarter(
    IGrainFactory grains, AttemptRunner runner, ILocalSiloDetails silo, TimeProvider clock, ILogger<AttemptStarter> logger)
{
    private static readonly TimeSpan PlacementPatience = TimeSpan.FromMilliseconds(500);
    private HashSet<AttemptId> unstarted = [];

    /// <summary>Starts an attempt. Never throws.</summary>
    public async Task Start(AttemptId attempt)
    {
        var key = GrainKeys.Partition(attempt);
        try
        {
            RequestContext.Set(Orleans.Runtime.Placement.IPlacementDirector.PlacementHintKey, silo.SiloAddress);
            await grains.GetGrain<IPartitionGrain>(key).Start().WaitAsync(PlacementPatience, clock);
        }
        catch (Exception exception)
        {
            Log.NotPlaced(logger, attempt, exception.Message);
        }
        finally
        {
            RequestContext.Clear();
            runner.Start(key);
        }
    }

    /// <summary>
    /// Starts what was held and not started at the last call already. One call in some seconds; not from two threads.
    /// </summary>
    public void StartForgotten()
    {
        var now = runner.Attempts.Where(attempt => !attempt.HasStarted).Select(attempt => attempt.Id).ToHashSet();
        foreach (var attempt in now.Where(unstarted.Contains))
        {
            Log.Forgotten(logger, attempt);
            runner.Start(GrainKeys.Partition(attempt));
        }

        unstarted = now;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 332, Level = LogLevel.Debug, Message = "Attempt {Attempt} runs without an address: {Message}")]
        public static partial void NotPlaced(ILogger logger, AttemptId attempt, string message);

        [LoggerMessage(
            EventId = 335, Level = LogLevel.Warning, Message = "Attempt {Attempt} was held and not started; it starts now.")]
        public static partial void Forgotten(ILogger logger, AttemptId attempt);
    }
}
