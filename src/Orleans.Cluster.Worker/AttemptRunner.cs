using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Runs this worker's attempts from begin to commit, outside of any grain turn: execute, commit or note the failure, clean up,
/// tell the job. The one door from coordination to engine work.
/// </summary>
internal sealed partial class AttemptRunner(
    AttemptExecution execution, AttemptOutcomes outcomes, AttemptFolders folders, WorkerRoom room, IGrainFactory grains,
    TimeProvider clock, ILogger<AttemptRunner> logger)
{
    private readonly ConcurrentDictionary<string, RunningAttempt> attempts = [];

    /// <summary>Raised when an attempt has ended and its slot is free.</summary>
    public event Action? SlotFreed;

    /// <summary>Attempts that this worker holds.</summary>
    public IReadOnlyCollection<RunningAttempt> Attempts => [.. attempts.Values];

    /// <summary>
    /// Takes an attempt that this worker has begun; its resources are reserved already and are released when it ends.
    /// </summary>
    public void Hold(PartitionRecord partition, WorkerId worker, ResourceRequest resources)
    {
        var id = new AttemptId(partition.Task, partition.Attempt);
        attempts[GrainKeys.Partition(id)] = new RunningAttempt(id, partition, worker, resources);
    }

    /// <summary>Starts an attempt that is held. Does nothing for one that is not, or has started.</summary>
    public void Start(string key)
    {
        if (attempts.TryGetValue(key, out var attempt) && attempt.TryStart())
        {
            attempt.Completion = Task.Run(() => Run(key, attempt));
        }
    }

    /// <summary>Stops an attempt and waits until no process works for it. False when there is none.</summary>
    public async Task<bool> Stop(string key, string why = "Stopped on request.")
    {
        if (!attempts.TryGetValue(key, out var attempt))
        {
            return false;
        }

        attempt.Cancel(why);
        Start(key);
        await attempt.Completion;
        return true;
    }

    private async Task Run(string key, RunningAttempt attempt)
    {
        var committed = false;
        using var span = JobTrace.StartAttempt(attempt.Id, attempt.Partition.Epoch, attempt.Worker);
        try
        {
            var outcome = await execution.Run(attempt);
            committed = outcome.Manifest is { } manifest && await outcomes.Commit(attempt, manifest) == CommitAnswer.Committed;
            if (!committed)
            {
                await folders.Discard(attempt.Id, attempt.WasKept);
            }

            // Before the end is stored: whoever reads that a job is CANCELLED finds its slots, memory and files given back.
            // The time is taken first: what begins in their place begins after it.
            var endedAt = clock.GetUtcNow();
            Release(attempt);
            if (outcome.Failure is { } failure)
            {
                Log.Failed(logger, attempt.Id, failure.Kind, failure.Message);
                span?.SetTag("failure", failure.Kind.ToString()).SetStatus(ActivityStatusCode.Error, failure.Message);
                await outcomes.End(attempt, failure, endedAt);
            }
        }
        catch (Exception exception)
        {
            // The attempt's row stays RUNNING; this worker's own check of what it holds gives it back within seconds. Its files
            // stay for the janitor: a commit whose answer was lost may name them.
            Log.Broken(logger, exception, attempt.Id);
        }
        finally
        {
            Release(attempt);
            span?.SetTag("committed", committed);
            ClusterTelemetry.Attempts.Add(1, new KeyValuePair<string, object?>("committed", committed));
            attempts.TryRemove(key, out _);
            SlotFreed?.Invoke();
            WakeJob(attempt.Id);
        }
    }

    private void WakeJob(AttemptId attempt)
    {
        try
        {
            grains.GetGrain<IJobGrain>(GrainKeys.Job(attempt.Task.Job)).Wake().Ignore();
        }
        catch (Exception exception)
        {
            // The silo is leaving; the job looks by itself within seconds.
            Log.NotWoken(logger, attempt, exception.Message);
        }
    }

    private void Release(RunningAttempt attempt)
    {
        if (attempt.TryRelease())
        {
            room.Release(attempt.Resources, 1);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 320, Level = LogLevel.Debug, Message = "Attempt {Attempt} failed ({Kind}): {Message}")]
        public static partial void Failed(ILogger logger, AttemptId attempt, FailureKind kind, string message);

        [LoggerMessage(EventId = 321, Level = LogLevel.Error, Message = "Attempt {Attempt} could not be ended in order.")]
        public static partial void Broken(ILogger logger, Exception exception, AttemptId attempt);

        [LoggerMessage(
            EventId = 326, Level = LogLevel.Debug,
            Message = "The job of attempt {Attempt} could not be told of its end: {Message}")]
        public static partial void NotWoken(ILogger logger, AttemptId attempt, string message);
    }
}
