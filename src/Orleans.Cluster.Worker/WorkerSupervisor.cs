using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Runtime;

namespace Orleans.Cluster.Worker;

/// <summary>
/// A worker's side of the queue, on every worker silo:
/// 1. report what is free and what runs; the queue holds the report until it has an order;
/// 2. reserve what a grant needs, begin its attempts in the database, start each under a grain of its own here;
/// 3. of a gang, reserve all that is granted or nothing, say so in the next report, and start what the queue has begun when it says go;
/// 4. stop attempts that the queue names;
/// 5. report again, at once when a slot becomes free or a grant has begun.
/// </summary>
internal sealed partial class WorkerSupervisor : BackgroundService
{
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ProgressPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromSeconds(5);

    // A grant begins in milliseconds. The next report is better made after it: until one says so, the queue takes it for not begun.
    private static readonly TimeSpan BeginPatience = TimeSpan.FromMilliseconds(200);

    private readonly IGrainFactory grains;
    private readonly ICheckpointStore checkpoints;
    private readonly AttemptRunner runner;
    private readonly AttemptStarter starter;
    private readonly WorkerLedger ledger;
    private readonly WorkerMeter meter;
    private readonly IOptions<WorkerOptions> options;
    private readonly TimeProvider clock;
    private readonly ILogger<WorkerSupervisor> logger;
    private readonly ILocalSiloDetails silo;
    private readonly WorkerId worker;
    private readonly string machine;
    private readonly DateTimeOffset startedAt;
    private readonly ConcurrentDictionary<long, Grant> openGrants = [];
    private readonly ConcurrentDictionary<long, Grant> held = [];
    private readonly ConcurrentDictionary<long, bool> unanswered = [];
    private readonly SemaphoreSlim news = new(0);
    private readonly ExecutorPool pool;
    private readonly IHostApplicationLifetime lifetime;
    private readonly Lock drainGate = new();
    private long sequence;
    private volatile bool draining;

    public WorkerSupervisor(
        IGrainFactory grains, ICheckpointStore checkpoints, AttemptRunner runner, AttemptStarter starter, WorkerLedger ledger, WorkerMeter meter, ExecutorPool pool,
        ILocalSiloDetails silo, IHostApplicationLifetime lifetime, IOptions<WorkerOptions> options, IOptions<ClusterSettings> settings, TimeProvider clock,
        ILogger<WorkerSupervisor> logger)
    {
        (this.grains, this.checkpoints, this.runner, this.ledger, this.meter, this.pool) = (grains, checkpoints, runner, ledger, meter, pool);
        this.starter = starter;
        (this.silo, this.lifetime, this.options, this.clock, this.logger) = (silo, lifetime, options, clock, logger);
        worker = WorkerIds.Of(silo.SiloAddress);
        machine = settings.Value.MachineName ?? Environment.MachineName;
        startedAt = clock.GetUtcNow();
        runner.SlotFreed += () => news.Release();
    }

    /// <summary>Takes nothing new, and waits for what runs, before the silo leaves the cluster.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (drainGate)
        {
            draining = true;
        }

        foreach (var part in held.Keys)
        {
            Drop(part);
        }

        var until = clock.GetUtcNow() + options.Value.DrainTimeout;
        Log.Draining(logger, worker, runner.Attempts.Count);
        while ((runner.Attempts.Count > 0 || !openGrants.IsEmpty) && clock.GetUtcNow() < until && !cancellationToken.IsCancellationRequested)
        {
            await news.WaitAsync(TimeSpan.FromMilliseconds(200), CancellationToken.None);
        }

        await Task.WhenAll(runner.Attempts.Select(attempt => runner.Stop(GrainKeys.Partition(attempt.Id))));
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Started(stoppingToken);
        pool.Warm(ledger.Slots);

        // A first report that says "unwell" would be held for its time; one that is a little later gets work at once.
        await Task.WhenAny(meter.StoreSeen, Task.Delay(FirstLook, clock, stoppingToken));
        await Task.WhenAll(Report(stoppingToken), SendProgress(stoppingToken), CheckHeld(stoppingToken));
    }

    private async Task Started(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource();
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }

    private async Task Report(CancellationToken stoppingToken)
    {
        var queue = grains.GetGrain<IQueueGrain>(GrainKeys.Queue);
        while (!stoppingToken.IsCancellationRequested)
        {
            // Whichever comes first: an order, or something that is worth a new report. The older report's answer still counts.
            var answer = Ask(queue, stoppingToken);
            var told = news.WaitAsync(stoppingToken);
            await Task.WhenAny(answer, told);
            var isNews = told.IsCompleted;
            if (!isNews)
            {
                news.Release();
                await told;
            }

            while (news.Wait(0, CancellationToken.None))
            {
                isNews = true;
            }

            if (answer.IsCompleted && !await answer)
            {
                await Task.Delay(ErrorPause, clock, stoppingToken);
            }
            else if (!isNews && openGrants.Keys.Any(grant => !held.ContainsKey(grant)))
            {
                await news.WaitAsync(BeginPatience, stoppingToken);
            }
        }
    }

    private async Task<bool> Ask(IQueueGrain queue, CancellationToken stoppingToken)
    {
        var number = 0L;
        try
        {
            var report = Describe();
            number = report.Sequence;
            unanswered[number] = true;
            var sentAt = clock.GetTimestamp();
            var orders = await queue.Report(report).WaitAsync(ReportTimeout, clock, stoppingToken);
            pool.Lease.Renew(sentAt);
            Follow(orders);
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The queue is between two silos, or its silo is leaving; attempts go on meanwhile.
            Log.NotReported(logger, exception.Message);
            return false;
        }
        finally
        {
            unanswered.TryRemove(number, out _);
        }
    }

    // Read in the order opposite to that in which a grant passes from one to the next, so that none is missed in between.
    private WorkerReport Describe()
    {
        long[] waitedFor = [.. unanswered.Keys];
        long[] kept = [.. held.Keys];
        long[] open = [.. openGrants.Keys];
        AttemptId[] running = [.. runner.Attempts.Select(attempt => attempt.Id)];
        var busy = ledger.Busy;
        return new WorkerReport
        {
            Worker = worker,
            Silo = silo.SiloAddress,
            Sequence = Interlocked.Increment(ref sequence),
            Slots = ledger.Slots,
            MemoryBytes = ledger.MemoryBytes,
            Gpus = ledger.Gpus,
            BusySlots = busy.Slots,
            BusyMemoryBytes = busy.MemoryBytes,
            BusyGpus = busy.Gpus,
            Running = running,
            OpenGrants = open,
            Held = kept,
            Unanswered = waitedFor,
            Draining = draining,
            Unwell = meter.Unwell(),
            Usage = meter.Usage(),
            MemoryCap = meter.MemoryCap,
            StartedAt = startedAt,
            ProcessId = Environment.ProcessId,
            Machine = machine,
        };
    }

    private void Follow(WorkerOrders orders)
    {
        foreach (var part in orders.Drop)
        {
            Drop(part);
        }

        foreach (var part in orders.Go)
        {
            Go(part);
        }

        foreach (var grant in orders.Grants)
        {
            if (TryOpen(grant) is > 0 and var reserved && !grant.Together)
            {
                _ = Task.Run(() => Start(grant, reserved, () => checkpoints.Begin(
                    new BeginRequest(grant.Job, grant.Epoch, grant.Stage, reserved, worker, clock.GetUtcNow()), CancellationToken.None)));
            }
        }

        foreach (var attempt in orders.Cancels)
        {
            _ = runner.Stop(GrainKeys.Partition(attempt));
        }

        foreach (var attempt in orders.GiveBack)
        {
            _ = runner.Stop(GrainKeys.Partition(attempt), "Given back: its gang lost a member, and no replacement came in time.");
        }
    }

    // One that was opened before a drain began is waited for by it; none is opened after. A part of a gang is kept whole or not at all.
    private int TryOpen(Grant grant)
    {
        lock (drainGate)
        {
            var reserved = draining ? 0 : ledger.TryReserve(grant.Resources, grant.Count);
            if (grant.Together && reserved < grant.Count)
            {
                ledger.Release(grant.Resources, reserved);
                return 0;
            }

            if (reserved > 0)
            {
                openGrants[grant.Number] = grant;
            }

            if (grant.Together && reserved > 0)
            {
                held[grant.Number] = grant;
            }

            return reserved;
        }
    }

    private void Drop(long part)
    {
        if (held.TryRemove(part, out var grant))
        {
            openGrants.TryRemove(part, out _);
            ledger.Release(grant.Resources, grant.Count);
            news.Release();
        }
    }

    // Said again while a report that names the part is on its way. What was let go meanwhile, by a drain, is given back at once.
    private void Go(GangGo go)
    {
        if (held.TryRemove(go.Number, out var grant))
        {
            _ = Task.Run(() => Start(grant, grant.Count, () => ListBegun(grant, go.Attempts)));
        }
        else if (!openGrants.ContainsKey(go.Number) && go.Attempts.Except(runner.Attempts.Select(attempt => attempt.Id)).ToList() is { Count: > 0 } strangers)
        {
            _ = Task.Run(() => GiveBack(strangers));
        }
    }

    private async Task<IReadOnlyList<PartitionRecord>> ListBegun(Grant grant, IReadOnlyList<AttemptId> attempts) =>
    [
        .. (await checkpoints.List(grant.Job, grant.Stage, CancellationToken.None)).Where(partition =>
            partition.State == PartitionState.Running && partition.Worker == worker && attempts.Contains(new AttemptId(partition.Task, partition.Attempt))),
    ];

    private async Task GiveBack(IReadOnlyList<AttemptId> attempts)
    {
        try
        {
            await checkpoints.Release(new WorkerRelease(worker, attempts, clock.GetUtcNow()), CancellationToken.None);
            Log.GivenBack(logger, worker, attempts.Count);
        }
        catch (Exception exception)
        {
            // CheckHeld finds them.
            Log.NotReported(logger, exception.Message);
        }
    }

    private async Task Start(Grant grant, int reserved, Func<Task<IReadOnlyList<PartitionRecord>>> begin)
    {
        var begun = 0;
        try
        {
            var partitions = await begin();
            foreach (var partition in partitions)
            {
                runner.Hold(partition, worker, grant.Resources);
                begun++;
            }

            openGrants.TryRemove(grant.Number, out _);
            news.Release();
            foreach (var partition in partitions)
            {
                await starter.Start(new AttemptId(partition.Task, partition.Attempt));
            }
        }
        catch (Exception exception)
        {
            // An attempt that was begun and not started is found by CheckHeld and given back.
            Log.NotBegun(logger, exception, grant.Job, grant.Stage);
        }
        finally
        {
            openGrants.TryRemove(grant.Number, out _);
            if (begun < reserved)
            {
                ledger.Release(grant.Resources, reserved - begun);
                news.Release();
            }
        }
    }

    private async Task SendProgress(CancellationToken stoppingToken)
    {
        var sent = new Dictionary<AttemptId, long>();
        using var timer = new PeriodicTimer(ProgressPeriod, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var running = runner.Attempts;
            foreach (var job in running.GroupBy(attempt => attempt.Id.Task.Job))
            {
                var changed = job.Where(attempt => sent.GetValueOrDefault(attempt.Id, -1) != attempt.Progress.BytesDone + attempt.Progress.RowsDone).ToList();
                if (changed.Count > 0)
                {
                    grains.GetGrain<IJobGrain>(GrainKeys.Job(job.Key)).ReportProgress(
                        [.. changed.Select(attempt => new AttemptProgress(attempt.Id, attempt.Progress.BytesDone, attempt.Progress.RowsDone))]).Ignore();
                }
            }

            sent = running.ToDictionary(attempt => attempt.Id, attempt => attempt.Progress.BytesDone + attempt.Progress.RowsDone);
        }
    }

    // What the table says that this worker runs, and it does not: begun by a call whose answer was lost. Given back when seen twice, since
    // one that is just beginning or just ending looks the same.
    private async Task CheckHeld(CancellationToken stoppingToken)
    {
        var suspects = new HashSet<AttemptId>();
        using var timer = new PeriodicTimer(CheckPeriod, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                starter.StartForgotten();

                // Looked at before what runs: a grant closes only after its attempts are among these.
                var nothingBegins = openGrants.IsEmpty;
                var inTable = await checkpoints.ListHeld(worker, stoppingToken);
                var unknown = inTable.Except(runner.Attempts.Select(attempt => attempt.Id)).ToHashSet();
                var lost = unknown.Where(suspects.Contains).ToList();
                if (lost.Count > 0 && nothingBegins)
                {
                    await checkpoints.Release(new WorkerRelease(worker, lost, clock.GetUtcNow()), stoppingToken);
                    Log.GivenBack(logger, worker, lost.Count);
                }

                suspects = unknown;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotReported(logger, exception.Message);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 330, Level = LogLevel.Debug, Message = "The queue or the database could not be reached: {Message}")]
        public static partial void NotReported(ILogger logger, string message);

        [LoggerMessage(EventId = 331, Level = LogLevel.Warning, Message = "A grant for stage {Stage} of job {Job} could not be begun.")]
        public static partial void NotBegun(ILogger logger, Exception exception, JobId job, int stage);

        [LoggerMessage(EventId = 333, Level = LogLevel.Warning, Message = "Worker {Worker} gives {Count} attempts back that it does not run.")]
        public static partial void GivenBack(ILogger logger, WorkerId worker, int count);

        [LoggerMessage(EventId = 334, Level = LogLevel.Information, Message = "Worker {Worker} is draining; {Running} attempts are running.")]
        public static partial void Draining(ILogger logger, WorkerId worker, int running);
    }
}
