using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using StreamJsonRpc;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Runs this worker's attempts from begin to commit, outside of any grain turn: assemble, run in an executor, commit or note the failure,
/// clean up, tell the job. The one door from coordination to engine work.
/// </summary>
internal sealed partial class AttemptRunner(
    TaskAssembler assembler, ExecutorPool pool, WorkerLedger ledger, ICheckpointStore checkpoints, ILossJudge losses, IGrainFactory grains, ClusterPaths paths,
    IOptions<ExecutorOptions> options, TimeProvider clock, ILogger<AttemptRunner> logger)
{
    // Storage that is away longer than this has cost the attempt its lease; its partition runs again elsewhere.
    private static readonly TimeSpan StoragePatience = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, RunningAttempt> attempts = [];

    /// <summary>Raised when an attempt has ended and its slot is free.</summary>
    public event Action? SlotFreed;

    /// <summary>Attempts that this worker holds.</summary>
    public IReadOnlyCollection<RunningAttempt> Attempts => [.. attempts.Values];

    /// <summary>Takes an attempt that this worker has begun; its resources are reserved already and are released when it ends.</summary>
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
            var outcome = await Execute(attempt);
            committed = outcome.Manifest is { } manifest && await Commit(attempt, manifest) == CommitAnswer.Committed;
            if (!committed)
            {
                await Discard(attempt);
            }

            // Before the end is stored: whoever reads that a job is CANCELLED finds its slots, memory and files given back.
            // The time is taken first: what begins in their place begins after it.
            var endedAt = clock.GetUtcNow();
            Release(attempt);
            if (outcome.Failure is { } failure)
            {
                Log.Failed(logger, attempt.Id, failure.Kind, failure.Message);
                span?.SetTag("failure", failure.Kind.ToString()).SetStatus(ActivityStatusCode.Error, failure.Message);
                await UntilStored(attempt, () => checkpoints.End(
                    new AttemptEnd(attempt.Id, attempt.Worker, failure, attempt.Cost, endedAt), CancellationToken.None));
            }
        }
        catch (Exception exception)
        {
            // The attempt's row stays RUNNING; this worker's own check of what it holds gives it back within seconds. Its files stay for the
            // janitor: a commit whose answer was lost may name them.
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
            ledger.Release(attempt.Resources, 1);
        }
    }

    private async Task<TaskOutcome> Execute(RunningAttempt attempt)
    {
        try
        {
            attempt.Cancelled.ThrowIfCancellationRequested();
            var (task, missing) = await assembler.Assemble(attempt.Partition, attempt.Cancelled);
            if (task is null)
            {
                return Fail(FailureKind.ArtifactLost, $"The output of {missing} is being made again.");
            }

            using var span = JobTrace.StartPart("execute");
            return await RunInExecutor(attempt, task);
        }
        catch (OperationCanceledException) when (attempt.Cancelled.IsCancellationRequested)
        {
            return Stopped(attempt);
        }
        catch (StorageUnavailableException exception)
        {
            return Fail(FailureKind.WorkerLost, $"The database did not answer when the attempt began: {exception.Message}");
        }
        catch (ClusterException exception)
        {
            return Fail(FailureKind.Internal, exception.Message);
        }
        catch (Exception exception)
        {
            // Whatever it was, it is the attempt's end and counts: a row that is only given back would be tried again for ever.
            Log.NotExecuted(logger, exception, attempt.Id);
            return Fail(FailureKind.Internal, $"The attempt could not be run: {exception.Message}");
        }
    }

    private async Task<TaskOutcome> RunInExecutor(RunningAttempt attempt, TaskSpec task)
    {
        var limit = (long)(task.MemoryBytes * options.Value.MemoryLimitFactor);
        var executor = pool.Rent(limit);
        using var watch = new MemoryWatch(executor, limit, options.Value.WatchInterval);
        var (begun, cpu, left) = (clock.GetTimestamp(), executor.CpuSeconds(), 0L);
        try
        {
            var call = executor.Executor.RunAsync(task, new LatestProgress(attempt), attempt.Cancelled);
            using var kill = attempt.Cancelled.Register(() => _ = KillUnlessDone(executor, call));
            var outcome = await call;
            if (outcome.Failure is { Kind: FailureKind.ArtifactLost } lost)
            {
                await Invalidate(attempt, task, lost);
            }

            return attempt.Cancelled.IsCancellationRequested ? Stopped(attempt) : outcome;
        }
        catch (ConnectionLostException)
        {
            var why = await Explain(attempt, executor, watch);
            left = FolderBytes(task.ScratchFolder);
            return why;
        }
        catch (RemoteInvocationException exception)
        {
            return attempt.Cancelled.IsCancellationRequested
                ? Stopped(attempt)
                : Fail(FailureKind.Internal, $"The executor failed: {exception.Message}");
        }
        finally
        {
            if (executor.WasKilledHere || executor.HasExited)
            {
                // Also where the call ended as cancelled, and the process a moment after it. It is gone before anything of it is removed.
                await executor.Epitaph();
                left += RemoveEngineFolders(task.ScratchFolder, executor.Id);
            }

            // What a task that failed has cost is seen from outside, as far as it can be.
            attempt.Cost = new TaskCost(
                Math.Max(0, watch.CpuSeconds - cpu), watch.PeakBytes, left, clock.GetElapsedTime(begun).TotalSeconds);
            pool.Return(executor);
        }
    }

    // What a process that is gone had spilled.
    private static long FolderBytes(string folder) => Directory.Exists(folder)
        ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : 0;

    // What it kept beside the scratch folders of its tasks; answers the bytes that were there.
    private long RemoveEngineFolders(string scratchFolder, int executor)
    {
        var bytes = 0L;
        var home = Path.GetDirectoryName(scratchFolder)!;
        foreach (var folder in Directory.Exists(home) ? Directory.GetDirectories(home, $"{TaskSpec.EngineFolderPrefix(executor)}*") : [])
        {
            try
            {
                bytes += FolderBytes(folder);
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // It goes with the folder of this process.
                Log.NotDiscarded(logger, folder, exception.Message);
            }
        }

        return bytes;
    }

    // The executor is gone: by the watch, on request, by its own deadline, or by the partition's fault.
    private static async Task<TaskOutcome> Explain(RunningAttempt attempt, ExecutorProcess executor, MemoryWatch watch)
    {
        var epitaph = await executor.Epitaph();
        if (watch.Exceeded is { } seen)
        {
            return Fail(FailureKind.OutOfMemory, $"The executor held {seen} bytes, more than the {watch.LimitBytes} that the task may use. Ask for more resources.memoryBytes or smaller partitions.");
        }

        if (attempt.Cancelled.IsCancellationRequested)
        {
            return Stopped(attempt);
        }

        if (executor.EndedByLimit)
        {
            return Fail(FailureKind.OutOfMemory, $"The kernel ended the executor at the {watch.LimitBytes} bytes that the task may use. Ask for more resources.memoryBytes or smaller partitions.");
        }

        return executor.EndedByDeadline
            ? Fail(FailureKind.WorkerLost, "The executor did not hear from its worker in time and ended itself.")
            : Fail(FailureKind.ExecutorCrashed, epitaph);
    }

    private async Task KillUnlessDone(ExecutorProcess executor, Task call)
    {
        await Task.WhenAny(call, Task.Delay(options.Value.CancelGrace, clock));
        if (!call.IsCompleted)
        {
            await executor.Kill();
        }
    }

    // The artifact that a task could not read runs again, if another process cannot either; this one then waits for it.
    private async Task Invalidate(RunningAttempt attempt, TaskSpec task, AttemptFailure lost)
    {
        var files = task.Inputs.SelectMany(input => input.Exchange?.Files ?? [.. input.Scan!.Slices.Select(slice => slice.Artifact).OfType<ArtifactRef>()]).ToList();
        var broken = files.Where(file => lost.Message.Contains(file.Path, StringComparison.Ordinal)).Select(file => file.Producer)
            .Concat(files.Where(file => !File.Exists(file.Path)).Select(file => file.Producer)).Distinct();
        foreach (var producer in broken)
        {
            assembler.Forget(producer.Task.Job, producer.Task.Stage);
            if (await UntilStored(attempt, () => losses.Judge(producer, attempt.Cancelled)) == LossVerdict.Lost)
            {
                Log.ArtifactLost(logger, attempt.Id, producer, lost.Message);
                await UntilStored(attempt, () => checkpoints.Invalidate(producer, lost.Message, clock.GetUtcNow(), CancellationToken.None));
            }
        }
    }

    private async Task<CommitAnswer> Commit(RunningAttempt attempt, TaskManifest manifest)
    {
        using var span = JobTrace.StartPart("commit");
        return await UntilStored(attempt, () => checkpoints.Commit(
            new AttemptCommit(attempt.Id, attempt.Partition.Epoch, attempt.Worker, TaskAssembler.Folder(attempt.Id), manifest, clock.GetUtcNow()),
            CancellationToken.None));
    }

    // A finished attempt is worth waiting for the database; each try is decided by its guards, so that trying again is safe.
    private async Task<T> UntilStored<T>(RunningAttempt attempt, Func<Task<T>> store)
    {
        var until = clock.GetUtcNow() + StoragePatience;
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = pause < TimeSpan.FromSeconds(3) ? pause * 2 : pause)
        {
            try
            {
                return await store();
            }
            catch (StorageUnavailableException exception) when (clock.GetUtcNow() < until)
            {
                Log.StorageAway(logger, attempt.Id, exception.Message);
                await Task.Delay(pause, clock);
            }
        }
    }

    private async Task Discard(RunningAttempt attempt)
    {
        // An executor that was killed leaves its spilled data behind.
        foreach (var folder in (string[])[Path.Combine(paths.Artifacts, TaskAssembler.Folder(attempt.Id)), assembler.ScratchFolder(attempt.Id)])
        {
            try
            {
                if (Directory.Exists(folder))
                {
                    await Task.Run(() => Directory.Delete(folder, recursive: true));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The janitor sweeps what nobody names.
                Log.NotDiscarded(logger, folder, exception.Message);
            }
        }
    }

    private static TaskOutcome Stopped(RunningAttempt attempt) => Fail(FailureKind.Cancelled, attempt.StoppedBecause!);

    private static TaskOutcome Fail(FailureKind kind, string message) => new(null, new AttemptFailure(kind, message));

    private sealed class LatestProgress(RunningAttempt attempt) : IProgress<TaskProgress>
    {
        public void Report(TaskProgress value) => attempt.Progress = value;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 320, Level = LogLevel.Debug, Message = "Attempt {Attempt} failed ({Kind}): {Message}")]
        public static partial void Failed(ILogger logger, AttemptId attempt, FailureKind kind, string message);

        [LoggerMessage(EventId = 321, Level = LogLevel.Error, Message = "Attempt {Attempt} could not be ended in order.")]
        public static partial void Broken(ILogger logger, Exception exception, AttemptId attempt);

        [LoggerMessage(EventId = 322, Level = LogLevel.Warning, Message = "Attempt {Attempt} found the output of {Producer} lost: {Message}")]
        public static partial void ArtifactLost(ILogger logger, AttemptId attempt, AttemptId producer, string message);

        [LoggerMessage(EventId = 323, Level = LogLevel.Warning, Message = "Attempt {Attempt} waits for the database: {Message}")]
        public static partial void StorageAway(ILogger logger, AttemptId attempt, string message);

        [LoggerMessage(EventId = 326, Level = LogLevel.Debug, Message = "The job of attempt {Attempt} could not be told of its end: {Message}")]
        public static partial void NotWoken(ILogger logger, AttemptId attempt, string message);

        [LoggerMessage(EventId = 325, Level = LogLevel.Error, Message = "Attempt {Attempt} could not be run.")]
        public static partial void NotExecuted(ILogger logger, Exception exception, AttemptId attempt);

        [LoggerMessage(EventId = 324, Level = LogLevel.Warning, Message = "The folder {Folder} could not be removed: {Message}")]
        public static partial void NotDiscarded(ILogger logger, string folder, string message);
    }
}
