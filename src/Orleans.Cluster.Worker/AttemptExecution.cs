using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Protocol;
using StreamJsonRpc;

namespace Orleans.Cluster.Worker;

/// <summary>
/// Executes attempts: puts the task together, runs it in an executor, and says how it ended, whatever happened to the executor.
/// </summary>
internal sealed partial class AttemptExecution(
    TaskAssembler assembler, ExecutorPool pool, AttemptFolders folders, AttemptOutcomes outcomes,
    IOptions<ExecutorOptions> options, TimeProvider clock, ILogger<AttemptExecution> logger)
{
    /// <summary>How an attempt ended. Never throws.</summary>
    public async Task<TaskOutcome> Run(RunningAttempt attempt)
    {
        try
        {
            attempt.Cancelled.ThrowIfCancellationRequested();
            var (task, missing) = await assembler.Assemble(attempt.Partition, attempt.Cancelled);
            if (task is null)
            {
                return Fail(FailureKind.ArtifactLost, $"The output of {missing} is being made again.");
            }

            var outcome = await Execute(attempt, task);
            return outcome.Manifest is { } manifest ? await Keep(attempt, manifest) : outcome;
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

    private async Task<TaskOutcome> Execute(RunningAttempt attempt, TaskSpec task)
    {
        using var span = JobTrace.StartPart("execute");
        return await RunInExecutor(attempt, task);
    }

    private async Task<TaskOutcome> Keep(RunningAttempt attempt, TaskManifest manifest)
    {
        try
        {
            await folders.Keep(attempt, manifest);
            return new TaskOutcome(manifest, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(
                FailureKind.Storage,
                $"What the attempt wrote could not be put into the artifact store: {exception.Message}");
        }
    }

    private async Task<TaskOutcome> RunInExecutor(RunningAttempt attempt, TaskSpec task)
    {
        var limit = (long)(task.MemoryBytes * options.Value.MemoryLimitFactor);
        var executor = pool.Rent(limit);
        using var watch = new MemoryWatch(executor, limit, options.Value.WatchInterval, isBusy: true);
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
            left = folders.SpilledBytes(attempt.Id);
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
            try
            {
                if (executor.WasKilledHere || executor.HasExited)
                {
                    // Also where the call ended as cancelled, and the process a moment after it. It is gone before anything of it
                    // is removed.
                    await executor.Epitaph();
                    left += folders.RemoveEngines(executor.Id);
                }
            }
            finally
            {
                // What a task that failed has cost is seen from outside, as far as it can be.
                attempt.Cost = new TaskCost(
                    Math.Max(0, watch.CpuSeconds - cpu), watch.PeakBytes, left, clock.GetElapsedTime(begun).TotalSeconds);
                pool.Return(executor);
            }
        }
    }

    // The executor is gone: by the watch, on request, by its own deadline, or by the partition's fault.
    private static async Task<TaskOutcome> Explain(RunningAttempt attempt, ExecutorProcess executor, MemoryWatch watch)
    {
        const string Advice = "Ask for more resources.memoryBytes or smaller partitions.";
        var epitaph = await executor.Epitaph();
        if (watch.Exceeded is { } seen)
        {
            return Fail(
                FailureKind.OutOfMemory,
                $"The executor held {seen} bytes, more than the {watch.LimitBytes} that the task may use. {Advice}");
        }

        if (attempt.Cancelled.IsCancellationRequested)
        {
            return Stopped(attempt);
        }

        if (executor.EndedByLimit)
        {
            return Fail(
                FailureKind.OutOfMemory,
                $"The kernel ended the executor at the {watch.LimitBytes} bytes that the task may use. {Advice}");
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

    private async Task Invalidate(RunningAttempt attempt, TaskSpec task, AttemptFailure lost)
    {
        var files = task.Artifacts.ToList();
        foreach (var producer in files.Select(file => file.Producer).Where(producer => producer == lost.Lost)
            .Concat(await FindOthersLost(attempt, files)).Distinct().ToList())
        {
            assembler.Forget(producer.Task.Job, producer.Task.Stage);
            await outcomes.ReportLoss(attempt, producer, lost.Message);
        }
    }

    // What is lost beside the one that was met is found by the next attempt where the store does not say now.
    private async Task<IReadOnlyList<AttemptId>> FindOthersLost(RunningAttempt attempt, IReadOnlyCollection<ArtifactRef> files)
    {
        try
        {
            return await folders.FindMissing(files, attempt.Cancelled);
        }
        catch (IOException exception)
        {
            Log.NotLookedFor(logger, attempt.Id, exception.Message);
            return [];
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
        [LoggerMessage(EventId = 325, Level = LogLevel.Error, Message = "Attempt {Attempt} could not be run.")]
        public static partial void NotExecuted(ILogger logger, Exception exception, AttemptId attempt);

        [LoggerMessage(
            EventId = 327, Level = LogLevel.Warning,
            Message = "Attempt {Attempt} could not look which other artifacts are lost: {Message}")]
        public static partial void NotLookedFor(ILogger logger, AttemptId attempt, string message);
    }
}
