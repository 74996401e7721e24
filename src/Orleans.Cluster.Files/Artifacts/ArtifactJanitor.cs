using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Files.Artifacts;

/// <summary>
/// The only one that deletes artifacts, and only those that no row needs. That is safe while attempts run: a folder is made after
/// its attempt began, and the folders are listed before the rows are read, so each folder on the list has its attempt in the
/// rows. An attempt that the rows do not need then is over, and is never needed again: attempt numbers only rise. The same holds
/// of objects and of uploads that were not completed.
/// </summary>
internal sealed partial class ArtifactJanitor(
    IJobStore jobs, ICheckpointStore checkpoints, IArtifactFiles folders, IOutputPublisher outputs,
    IOptions<RetentionOptions> options, TimeProvider clock,
    ILogger<ArtifactJanitor> logger)
{
    /// <summary>
    /// How long after a job's end its folder is looked at again: an attempt may have made its folder after the first look.
    /// </summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(5);

    // A sweep has time; whoever submits a job meanwhile has not. It works so long and then pauses so many times as long. What was
    // slow was perhaps the disk, and then room on it is worth more than a long pause.
    private static readonly TimeSpan WorkSpan = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);
    private const int PauseFactor = 4;

    // When to look next at ended jobs. Lost with the process: the next one looks at each again.
    private readonly Dictionary<JobId, DateTimeOffset> nextLooks = [];

    // The same for jobs that run.
    private readonly Dictionary<JobId, DateTimeOffset> nextWalks = [];
    private const int WalkPauseFactor = 100;
    private static readonly TimeSpan LongWalk = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWalkPause = TimeSpan.FromMinutes(10);

    /// <summary>Looks at every job that has artifacts, once.</summary>
    public async Task Sweep(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var present = await folders.ListJobs(cancellationToken);
        foreach (var gone in nextLooks.Keys.Concat(nextWalks.Keys).Except(present).ToList())
        {
            nextLooks.Remove(gone);
            nextWalks.Remove(gone);
        }

        // Whoever reads a job's result, or waits for it to, depends on it.
        var held = await jobs.ListDependencies(cancellationToken);
        var working = Stopwatch.StartNew();
        foreach (var batch in present.Chunk(500))
        {
            var phases = await jobs.FindPhases(batch, cancellationToken);
            foreach (var id in batch)
            {
                await SweepJob(id, phases.TryGetValue(id, out var phase)
                    ? phase
                    : null, held.Contains(id), now, cancellationToken);
                if (working.Elapsed >= WorkSpan)
                {
                    var pause = working.Elapsed * PauseFactor;
                    await Task.Delay(pause < LongestPause ? pause : LongestPause, cancellationToken);
                    working.Restart();
                }
            }
        }
    }

    private async Task SweepJob(JobId id, JobPhase? phase, bool isHeld, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            switch (phase)
            {
                case null when isHeld:
                    break;
                case null:
                    await SweepUnknown(id, now, cancellationToken);
                    break;
                case { } running when !running.IsTerminal():
                    await SweepRunning(id, now, cancellationToken);
                    break;
                default:
                    await SweepEnded(id, isHeld, now, cancellationToken);
                    break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another job's folder is not worse for it; the next sweep tries this one again.
            Log.NotSwept(logger, id, e.Message);
        }
    }

    // A job of a hundred thousand attempts has as many folders: each is walked for a small share of the time, however many there
    // are.
    private async Task SweepRunning(JobId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (nextWalks.TryGetValue(id, out var next) && now < next)
        {
            return;
        }

        nextLooks.Remove(id); // A retry moved it again.
        var started = clock.GetTimestamp();
        await SweepAttempts(id, cancellationToken);
        if (clock.GetElapsedTime(started) is var took && took > LongWalk)
        {
            var pause = took * WalkPauseFactor;
            nextWalks[id] = clock.GetUtcNow() + (pause < LongestWalkPause ? pause : LongestWalkPause);
        }
    }

    // A job's row is there before its first artifact, so this one was deleted, or its row is older than Retention:Jobs.
    private async Task SweepUnknown(JobId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (now - await folders.FindLastChange(id, cancellationToken) >= options.Value.UnknownJobs)
        {
            await folders.Delete(id, cancellationToken);
            Log.Removed(logger, id, "the database does not know the job");
        }
    }

    private async Task SweepAttempts(JobId id, CancellationToken cancellationToken)
    {
        var present = await folders.ListAttempts(id, cancellationToken); // Before the rows: see above.
        var needed = await checkpoints.ListNeededFolders(id, cancellationToken);
        foreach (var folder in present.Where(folder => !needed.Contains(folder)))
        {
            await folders.Delete(folder, cancellationToken);
            Log.AttemptRemoved(logger, folder);
        }
    }

    private async Task SweepEnded(JobId id, bool isHeld, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (nextLooks.TryGetValue(id, out var next) && now < next)
        {
            return;
        }

        if (await jobs.Find(id, cancellationToken) is not { } job || !job.State.Phase.IsTerminal())
        {
            return; // It moved since its phase was read; the next sweep sees it as it is.
        }

        var endedAt = job.State.FinishedAt ?? job.State.CreatedAt;
        if (now >= endedAt + options.Value.Results && isHeld)
        {
            return; // The next sweep sees whether its last reader has ended.
        }

        if (now >= endedAt + options.Value.Results)
        {
            await folders.Delete(id, cancellationToken);
            Log.Removed(logger, id, $"it ended more than {options.Value.Results} ago");
            return;
        }

        if (job.State.Phase == JobPhase.Succeeded)
        {
            await SweepSucceeded(job, cancellationToken);
        }
        else
        {
            await SweepUnfinished(job, cancellationToken);
        }

        var expires = endedAt + options.Value.Results;
        var settles = endedAt + SettleTime;
        nextLooks[id] = now < settles && settles < expires ? settles : expires;
    }

    // What a failed job committed stays, so that a retry can go on from there. A cancelled one's was dropped at its end, unless
    // its process was killed just then.
    private async Task SweepUnfinished(JobRecord job, CancellationToken cancellationToken)
    {
        var id = job.State.Id;
        if (job.State.Phase == JobPhase.Cancelled)
        {
            await CancelledArtifacts.Drop(
                folders, id, async () => await jobs.Find(id, cancellationToken) is { State.Phase: JobPhase.Cancelled },
                cancellationToken);
        }
        else
        {
            await SweepAttempts(id, cancellationToken);
        }

        await outputs.Clear(job, cancellationToken);
    }

    /// <summary>
    /// Of a job that succeeded, its result (unless it went to a folder of its user's), its tables and the rows set aside are
    /// still read; exchanges are not.
    /// </summary>
    private async Task SweepSucceeded(JobRecord job, CancellationToken cancellationToken)
    {
        var plan = await jobs.FindPlan(job.State.Id, cancellationToken);
        IReadOnlySet<int> kept = plan is null ? new HashSet<int>() : ArtifactUse.KeptStages(plan, job.Spec);
        var partitions = await checkpoints.List(job.State.Id, null, cancellationToken);
        var keep =
            from partition in partitions
            where partition is { State: PartitionState.Committed, Manifest: not null }
            from file in partition.Manifest!.Files
            where file.IsQuarantine || kept.Contains(partition.Task.Stage)
            select ArtifactPath.Of(partition, file);
        var removed = await folders.DeleteFilesExcept(job.State.Id, keep.ToHashSet(), cancellationToken);
        if (removed > 0)
        {
            Log.ExchangesRemoved(logger, job.State.Id, removed);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3500, LogLevel.Information, "Artifacts of job {JobId} are removed: {Reason}.")]
        public static partial void Removed(ILogger logger, JobId jobId, string reason);

        [LoggerMessage(3501, LogLevel.Debug, "Artifacts of attempt {Folder} are removed: no row needs them.")]
        public static partial void AttemptRemoved(ILogger logger, string folder);

        [LoggerMessage(3502, LogLevel.Debug, "{Files} files between the stages of job {JobId} are removed: it has succeeded.")]
        public static partial void ExchangesRemoved(ILogger logger, JobId jobId, int files);

        [LoggerMessage(3503, LogLevel.Warning,
            "Artifacts of job {JobId} could not be swept, next try with the next sweep: {Reason}")]
        public static partial void NotSwept(ILogger logger, JobId jobId, string reason);
    }
}
