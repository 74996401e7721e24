using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Planning.Partitioning;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Coordination at its limits, with executors that answer at once: short jobs beside 10 and beside 10,000 that wait; one job of
/// 100,000 partitions; a terabyte of files that exist only as names, through an exchange.
/// </summary>
internal static class ScaleBenchmark
{
    private const int MostIdleRounds = 1_000;

    private static readonly ColumnSchema[] Columns = [new("gene", "VARCHAR"), new("total", "BIGINT")];

    public static async Task<int> Run(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var postgres = Options.Value(args, "--postgres");
        Console.WriteLine($"{(postgres is null ? "SQLite" : "PostgreSQL")}, {Environment.ProcessorCount} processors");
        await Backlog(10, postgres);
        await Backlog(Number(args, "--waiting", 10_000), postgres);
        await Partitions(Number(args, "--partitions", 100_000), postgres);
        await Workers(postgres);
        await Terabyte(Number(args, "--files", 10_000), postgres);
        await History(Number(args, "--history", 100_000), postgres);
        return 0;
    }

    // 200 short jobs, one after the other, pass those that wait.
    private static async Task Backlog(int waiting, string? postgres)
    {
        const int Jobs = 200;
        await using var store = await ScaleStore.Create(postgres);
        foreach (var together in Enumerable.Range(0, waiting).Chunk(100))
        {
            await Task.WhenAll(together.Select(_ => store.Add(null, [new PartitionWork()], JobPriority.Low)));
        }

        store.Ledger.Refresh(await store.Jobs.ListActive(DateTimeOffset.UtcNow, CancellationToken.None));
        await Short(store);
        store.TakeDatabaseTime();
        var (work, began, processor) = (store.Ledger.Work, Stopwatch.GetTimestamp(),
            Process.GetCurrentProcess().TotalProcessorTime);
        for (var number = 0; number < Jobs; number++)
        {
            await Short(store);
        }

        var took = Stopwatch.GetElapsedTime(began);
        var cpu = Process.GetCurrentProcess().TotalProcessorTime - processor;
        var looks = (store.Ledger.Work - work) / (double)Jobs;
        var page = Time(() => store.Ledger.Describe(DateTimeOffset.UtcNow, 50));
        began = Stopwatch.GetTimestamp();
        await store.Jobs.ListActive(DateTimeOffset.UtcNow, CancellationToken.None);
        var all = Stopwatch.GetElapsedTime(began);
        Say($"{waiting} waiting: {Jobs / took.TotalSeconds:0} jobs/s, {cpu.TotalMilliseconds / Jobs:0.00} ms processor and "
            + $"{store.TakeDatabaseTime().TotalMilliseconds / Jobs:0.00} ms "
            + $"database a job, {looks:0} looks a job; page of 50 {page.TotalMilliseconds:0.0} ms, a read of all "
            + $"{all.TotalMilliseconds:0} ms");
    }

    // Jobs that have ended, and pages of them as the console asks for them: the newest, of one phase, by a text that few have,
    // and by one that none has.
    private static async Task History(int count, string? postgres)
    {
        await using var store = await ScaleStore.Create(postgres);
        var began = Stopwatch.GetTimestamp();
        foreach (var together in Enumerable.Range(0, count).Chunk(100))
        {
            await Task.WhenAll(together.Select(number => store.AddEnded(
                $"job {number}", number % 10 == 0 ? JobPhase.Failed : JobPhase.Succeeded)));
        }

        Say($"{count} jobs of the past: written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s; pages of 50: "
            + $"newest {await Page(store, new JobFilter()):0} ms, failed {await Page(store, Of(JobPhase.Failed)):0} ms, "
            + $"running (none) {await Page(store, Of(JobPhase.Running)):0} ms, "
            + $"named 'job {count / 2}' {await Page(store, new JobFilter { Text = $"job {count / 2}" }):0} ms, "
            + $"named as none is {await Page(store, new JobFilter { Text = "none of them" }):0} ms");
    }

    private static JobFilter Of(JobPhase phase) => new() { Phases = [phase] };

    private static async Task<double> Page(ScaleStore store, JobFilter filter)
    {
        var times = new List<double>();
        for (var run = 0; run < 5; run++)
        {
            var began = Stopwatch.GetTimestamp();
            await store.Jobs.List(filter with { PageSize = 50 }, CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return times.Order().ElementAt(2);
    }

    // Begun at the highest priority, so that it passes all that wait.
    private static async Task Short(ScaleStore store)
    {
        var job = await store.Add(null, [new PartitionWork { Bytes = 1 }], JobPriority.Critical);
        await store.Poke(job.Id);
        if (await store.Round(1, 1, job.Id, _ => Manifest(1)) != 1)
        {
            throw new InvalidOperationException("A short job was not given the free slot.");
        }

        await store.Apply(job, job with { Phase = JobPhase.Succeeded, FinishedAt = DateTimeOffset.UtcNow });
        await store.Poke(job.Id);
    }

    private static async Task Partitions(int count, string? postgres)
    {
        await using var store = await ScaleStore.Create(postgres);
        var began = Stopwatch.GetTimestamp();
        var job = await store.Add(
            null, [.. Enumerable.Range(0, count).Select(index => new PartitionWork { Bytes = 1, FirstTarget = index })],
            JobPriority.Normal);
        Say($"{count} partitions: opened in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        await Finish(store, job.Id, stage: 0, count, _ => Manifest(1));
        began = Stopwatch.GetTimestamp();
        await store.Apply(job, job with { Phase = JobPhase.Cancelled, FinishedAt = DateTimeOffset.UtcNow });
        await store.Jobs.Delete(job.Id, CancellationToken.None);
        var deleted = Stopwatch.GetElapsedTime(began);
        var (steps, longest) = (0, TimeSpan.Zero);
        for (var rows = 1; rows > 0; steps++)
        {
            began = Stopwatch.GetTimestamp();
            rows = await store.Upkeep.Prune(
                DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, CancellationToken.None);
            longest = Stopwatch.GetElapsedTime(began) is var took && took > longest ? took : longest;
        }

        Say($"  deleted in {deleted.TotalMilliseconds:0} ms; its rows went in {steps} steps, the longest "
            + $"{longest.TotalMilliseconds:0} ms");
    }

    // Workers that do not ask for processors: what keeps them from N times the pace of one is the coordination alone.
    private static async Task Workers(string? postgres)
    {
        const int Slots = 4;
        var service = TimeSpan.FromMilliseconds(100);
        await using var store = await ScaleStore.Create(postgres);
        foreach (var workers in new[] { 1, 2, 4, 8, 32 })
        {
            var count = workers * Slots * 40;
            var job = await store.Add(
                null, [.. Enumerable.Range(0, count).Select(index => new PartitionWork { Bytes = 1, FirstTarget = index })],
                JobPriority.Normal);
            await store.Poke(job.Id);
            var began = Stopwatch.GetTimestamp();
            var done = await Task.WhenAll(Enumerable.Range(0, workers).Select(number =>
                store.Serve(new WorkerId($"v-{number}"), Slots, job.Id, service, _ => Manifest(1))));
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (done.Sum() != count)
            {
                throw new InvalidOperationException($"{done.Sum()} of {count} tasks were done.");
            }

            Say($"{workers} workers of {Slots} slots, {service.TotalMilliseconds:0} ms a task: {count / seconds:0} tasks/s of "
                + $"{workers * Slots / service.TotalSeconds:0}");
            await store.Apply(job, job with { Phase = JobPhase.Succeeded, FinishedAt = DateTimeOffset.UtcNow });
            await store.Poke(job.Id);
        }
    }

    private static async Task Terabyte(int files, string? postgres)
    {
        await using var store = await ScaleStore.Create(postgres);
        var began = Stopwatch.GetTimestamp();
        var plan = PlanOf(files);
        var scan = plan.Datasets["source"].Partitions;
        Say($"{plan.Datasets["source"].TotalBytes >> 30} GiB in {files} files: {scan.Count} partitions planned in "
            + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s, "
            + $"{plan.Stages[0].Output.Targets} targets");
        began = Stopwatch.GetTimestamp();
        var job = await store.Add(
            plan, [.. scan.Select(partition => new PartitionWork { Slices = partition.Slices, Bytes = partition.Bytes })],
            JobPriority.Normal);
        Say($"  stored and opened in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        await Finish(store, job.Id, stage: 0, scan.Count, _ => Manifest(plan.Stages[0].Output.Targets));
        began = Stopwatch.GetTimestamp();
        var committed = await store.Timed(() => store.Checkpoints.List(job.Id, 0, CancellationToken.None));
        var merge = StageOpener.Open(job.Id, 1, plan, 1, new Dictionary<int, IReadOnlyList<PartitionRecord>> { [0] = committed });
        await store.Apply(job, job with
        {
            Stages = [new StageState(0, StagePhase.Complete, scan.Count), new StageState(1, StagePhase.Open, merge.Count)],
        }, merge);
        Say($"  the next stage read {committed.Count} manifests and opened {merge.Count} partitions in "
            + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        await Finish(store, job.Id, stage: 1, merge.Count, _ => Manifest(1));
    }

    // 512 slots. The tallies are read as the job's grain does: for a fifth of the time at most.
    private static async Task Finish(
        ScaleStore store, JobId job, int stage, int count, Func<PartitionRecord, TaskManifest> answer)
    {
        store.TakeDatabaseTime();
        var (began, done, tallies, longest, lastTally) = (Stopwatch.GetTimestamp(), 0, 0, TimeSpan.Zero,
            Stopwatch.GetTimestamp());
        var idle = 0;
        while (done < count)
        {
            await store.Poke(job);
            var round = await store.Round(workers: 16, slots: 32, job, answer);
            done += round;

            // What was granted and not taken is free again when its worker has reported: a round or two later.
            if ((idle = round == 0 ? idle + 1 : 0) > MostIdleRounds)
            {
                throw new InvalidOperationException($"Nothing was granted with {count - done} tasks left.");
            }

            if (Stopwatch.GetElapsedTime(lastTally) > longest * 4)
            {
                var started = Stopwatch.GetTimestamp();
                await store.Timed(() => store.Checkpoints.Tally(job, CancellationToken.None));
                (tallies, lastTally) = (tallies + 1, Stopwatch.GetTimestamp());
                longest = Stopwatch.GetElapsedTime(started) is var took && took > longest ? took : longest;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Say($"  stage {stage}: {count} tasks in {seconds:0.0} s, {count / seconds:0} tasks/s, "
            + $"{store.TakeDatabaseTime().TotalSeconds:0.0} s in calls to the database; "
            + $"{tallies} counts, the longest {longest.TotalMilliseconds:0} ms; "
            + $"{Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at most");
    }

    private static JobPlan PlanOf(int files)
    {
        const long Bytes = 105L << 20;
        var probe = new DatasetProbe
        {
            Format = SourceFormat.Csv,
            Columns = Columns,
            Files =
            [
                .. Enumerable.Range(0, files).Select(index => new SourceFile
                {
                    Stamp = new FileStamp($"/names/only/{index:00000}.csv", Bytes, DateTimeOffset.UnixEpoch),
                    UncompressedBytes = Bytes, EstimatedRows = 1 << 20,
                }),
            ],
        };
        var (dataset, _) = PartitionPlanner.Plan(
            probe, new Dictionary<int, IReadOnlyList<AlignedRange>>(),
            new PartitioningSpec { TargetBytes = Bytes, MaxPartitions = files });
        return new JobPlan
        {
            Query = "SELECT gene, sum(count) AS total FROM source GROUP BY gene",
            Columns = Columns,
            Datasets = new Dictionary<string, PlannedDataset> { ["source"] = dataset },
            Stages =
            [
                new StagePlan
                {
                    Index = 0, Name = "partial", Query = "SELECT 1", Columns = Columns, EstimatedBytes = dataset.TotalBytes,
                    Inputs = [new StageInput("source", "source", null, InputMode.Partition)],
                    Output = new TaskOutput
                    {
                        Kind = OutputKind.Exchange, Targets = new PlanLimits().Targets(dataset.TotalBytes),
                    },
                },
                new StagePlan
                {
                    Index = 1, Name = "merge", Query = "SELECT 2", Columns = Columns,
                    Inputs = [new StageInput("partial", null, 0, InputMode.Target)],
                    Output = new TaskOutput { Kind = OutputKind.Result },
                },
            ],
        };
    }

    private static TaskManifest Manifest(int files) => new()
    {
        RowsIn = 10, RowsOut = 10,
        Files =
        [
            new ArtifactFile(
                "exchange.rows", 0, 10L * files, (long)files << 20, "0123456789abcdef0123456789abcdef",
                Index: ExchangeSlice.Format(
                    100, [.. Enumerable.Range(0, files).Select(target => new ExchangePart(target, 0, 1 << 20, 10))])),
        ],
        Cost = new TaskCost(0.1, 1 << 20, 0, 0.1),
    };

    private static TimeSpan Time(Action action)
    {
        var began = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(began);
    }

    private static int Number(string[] args, string name, int usual) =>
        int.Parse(Options.Value(args, name) ?? $"{usual}", CultureInfo.InvariantCulture);

    private static void Say(string text) => Console.WriteLine(text);
}
