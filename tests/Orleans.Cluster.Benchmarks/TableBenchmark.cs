using System.Diagnostics;
using System.Globalization;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Benchmarks;

/// <summary>
/// Every case through the whole product, from submit to SUCCEEDED over REST, pair by pair with one DuckDB that has as many
/// threads as the product has slots. What counts is the ratio of processor times, which a busy machine hardly changes; the ratio
/// of wall times stands beside it. The table goes into the README, between its two marks.
/// </summary>
internal static class TableBenchmark
{
    // Where one processor is all that the process may use, its table stands beside that of all.
    private static readonly string Place = Environment.ProcessorCount == 1 ? "table of one slot" : "table";
    private static readonly string Begin = $"<!-- {Place} -->";
    private static readonly string End = $"<!-- /{Place} -->";

    public static async Task<int> Run(string[] args)
    {
        var isQuick = args.Contains("--quick");
        var rows = long.Parse(Options.Value(args, "--rows") ?? (isQuick ? "1000000" : "10000000"), CultureInfo.InvariantCulture);
        var runs = int.Parse(Options.Value(args, "--runs") ?? (isQuick ? "3" : "7"), CultureInfo.InvariantCulture);
        var only = Options.Value(args, "--only");
        var taskBytes = Options.Bytes(args, "--task-memory");
        var folder = Options.Folder(args);
        var data = TableData.Write(folder, rows);
        var lines = new List<string>();
        var before = Stopwatch.StartNew();
        await using var cluster = await ProductCluster.Start(folder);
        Say(lines, string.Create(
            CultureInfo.InvariantCulture,
            $"Start to ready: {before.Elapsed.TotalSeconds:0.0} s, {cluster.ProcessorTime().TotalSeconds:0.0} s of processor "
            + $"time."));
        var cases = TableCase.All(data, isQuick, taskBytes)
            .Where(one => only is null || one.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToList();
        var small = TableCase.All(data, isQuick: true).First();
        Say(lines, $"First job of the fresh cluster ({small.Name}): {await First(cluster, small)}.");
        await Warm(cluster, small, isQuick ? 60 : 300);
        Say(lines, $"A job of one row, when {(isQuick ? 60 : 300)} have run: "
            + $"{await Shares(cluster, small, isQuick ? 60 : 200)}.");
        Say(lines, $"{await Idle(cluster, TimeSpan.FromSeconds(isQuick ? 5 : 20))} of a processor while idle.");
        Say(lines, "");
        Say(lines, "| case | processor time here | DuckDB | ratio (least to most) | ratio of wall time (least to most) | spilled "
            + "| goal |");
        Say(lines, "| --- | --- | --- | --- | --- | --- | --- |");
        var ratios = new List<(string Name, double Cpu, double Wall)>();
        foreach (var one in cases)
        {
            var (line, cpu, wall) = await Compare(cluster, one, runs, folder);
            ratios.Add((one.Name, cpu, wall));
            Say(lines, line);
        }

        Say(lines, "");
        foreach (var family in ratios.GroupBy(each => each.Name.Split(' ')[0]).Where(each => each.Count() > 9))
        {
            Say(lines, string.Create(
                CultureInfo.InvariantCulture,
                $"{family.Key}, geometric mean of {family.Count()}: {Mean(family.Select(each => each.Cpu)):0.00}, "
                + $"worst {family.Max(each => each.Cpu):0.00}; of wall time {Mean(family.Select(each => each.Wall)):0.00}, "
                + $"worst {family.Max(each => each.Wall):0.00}."));
        }

        await CompareWithDask(cluster, cases, data, folder, lines);
        if (only is null && taskBytes is null)
        {
            WriteReadme([Heading(rows, runs), "", .. lines]);
        }

        return 0;
    }

    private static void Say(List<string> lines, string line)
    {
        Console.WriteLine(line);
        lines.Add(line);
    }

    private static async Task<string> First(ProductCluster cluster, TableCase one)
    {
        var (cpu, clock) = (cluster.ProcessorTime(), Stopwatch.StartNew());
        Require(one, await cluster.Run(one.Job));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{clock.Elapsed.TotalSeconds:0.00} s, {(cluster.ProcessorTime() - cpu).TotalSeconds:0.00} s of processor time");
    }

    private static async Task<string> Shares(ProductCluster cluster, TableCase one, int jobs)
    {
        var before = ProcessTree.ByKind(cluster.GatewayId);
        for (var job = 0; job < jobs; job++)
        {
            Require(one, await cluster.Run(one.Job));
        }

        var after = ProcessTree.ByKind(cluster.GatewayId);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(after.Gateway - before.Gateway).TotalMilliseconds / jobs:0} ms of processor time in the gateway, "
            + $"{(after.Workers - before.Workers).TotalMilliseconds / jobs:0} ms "
            + $"in the workers, {(after.Executors - before.Executors).TotalMilliseconds / jobs:0} ms in executors");
    }

    // As a cluster is that has been used: its runtime compiles what is called often.
    private static async Task Warm(ProductCluster cluster, TableCase small, int jobs)
    {
        for (var job = 0; job < jobs; job++)
        {
            await cluster.Run(small.Job);
        }
    }

    private static async Task<string> Idle(ProductCluster cluster, TimeSpan span)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        var (cpu, clock) = (cluster.ProcessorTime(), Stopwatch.StartNew());
        await Task.Delay(span);
        return ((cluster.ProcessorTime() - cpu) / clock.Elapsed).ToString("P1", CultureInfo.InvariantCulture);
    }

    private static async Task<(string Line, double Cpu, double Wall)> Compare(
        ProductCluster cluster, TableCase one, int runs, string folder)
    {
        var (cpus, walls) = (new List<double>(), new List<double>());
        var (here, there) = (new List<double>(), new List<double>());

        // A job of some milliseconds is less than what the kernel's clock counts: many of them make one run.
        var jobs = one.Name.StartsWith("one row", StringComparison.Ordinal) ? 20 : 1;
        var spilled = 0L;
        for (var run = 0; run <= runs; run++)
        {
            Func<TimeSpan> processorTime = one.Exchange is null ? cluster.ProcessorTime : OwnTime;
            var (cpu, clock) = (processorTime(), Stopwatch.StartNew());
            Func<Task<long>> spill = () => Task.FromResult(0L);
            for (var job = 0; job < jobs; job++)
            {
                spill = await RunHere(cluster, one);
            }

            var (wall, used) = (clock.Elapsed.TotalSeconds, (processorTime() - cpu).TotalSeconds);
            spilled = Math.Max(spilled, await spill());
            cpu = OwnTime();
            clock.Restart();
            for (var job = 0; job < jobs; job++)
            {
                RunPeer(one, Path.Combine(folder, "peer.parquet"));
            }

            // The first pair warms both sides up.
            if (run > 0)
            {
                var peer = (OwnTime() - cpu).TotalSeconds;
                here.Add(used / jobs);
                there.Add(peer / jobs);
                cpus.Add(used / peer);
                walls.Add(wall / clock.Elapsed.TotalSeconds);
            }
        }

        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"| {one.Name} | {Median(here):0.000} s | {Median(there):0.000} s | {Spread(cpus)} | {Spread(walls)} "
            + $"| {spilled >> 20} MiB | {one.Goal} |");
        return (line, Median(cpus), Median(walls));
    }

    private static async Task CompareWithDask(
        ProductCluster cluster, IReadOnlyList<TableCase> cases, TableData data, string folder, List<string> lines)
    {
        if (DaskPeer.Find() is not var (python, version))
        {
            Say(lines, "Dask is not installed here.");
            return;
        }

        foreach (var one in cases.Where(one => DaskPeer.Cases.ContainsKey(one.Name)))
        {
            var (cpu, clock) = (cluster.ProcessorTime(), Stopwatch.StartNew());
            Require(one, await cluster.Run(one.Job));
            var (seconds, used) = (clock.Elapsed.TotalSeconds, (cluster.ProcessorTime() - cpu).TotalSeconds);
            var peer = DaskPeer.Run(python, folder, data.Csv, DaskPeer.Cases[one.Name]);
            Say(lines, string.Create(
                CultureInfo.InvariantCulture,
                $"Dask {version}, {one.Name}, once: {peer.Seconds:0.0} s and {peer.ProcessorSeconds:0.0} s of processor time; "
                + $"here {seconds:0.00} and {used:0.00}: ratios {seconds / peer.Seconds:0.00} and "
                + $"{used / peer.ProcessorSeconds:0.00}."));
        }
    }

    private static TimeSpan OwnTime() => Process.GetCurrentProcess().TotalProcessorTime;

    // Runs it to its end. What it spilled can be asked for afterwards.
    private static async Task<Func<Task<long>>> RunHere(ProductCluster cluster, TableCase one)
    {
        if (one.Exchange is { } exchange)
        {
            var (answer, bytes) = await exchange.Run();
            return () => exchange.IsAnswer(answer)
                ? Task.FromResult(bytes)
                : throw new InvalidOperationException($"{one.Name}: what was read is not what was written: {answer}");
        }

        var status = await cluster.Run(one.Job);
        Require(one, status);
        return async () => (await cluster.Partitions(status.Id)).Sum(partition => partition.SpilledBytes);
    }

    private static void Require(TableCase one, JobStatus status)
    {
        if (status.Phase != JobPhase.Succeeded)
        {
            throw new InvalidOperationException($"{one.Name}: {status.Phase}: {status.Error?.Detail}");
        }
    }

    private static void RunPeer(TableCase one, string result)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SET threads = {Environment.ProcessorCount}; {one.PeerSetup}";
        command.ExecuteNonQuery();
        command.CommandText = $"COPY ({one.Peer}) TO {SqlText.Literal(result)} (FORMAT parquet, COMPRESSION zstd)";
        command.ExecuteNonQuery();
        if (one.PeerBack is { } back)
        {
            command.CommandText = back + SqlText.Literal(result);
            command.ExecuteNonQuery();
        }
    }

    private static string Spread(List<double> values) =>
        string.Create(CultureInfo.InvariantCulture, $"{Median(values):0.00} ({values.Min():0.00} to {values.Max():0.00})");

    private static double Mean(IEnumerable<double> ratios) => Math.Exp(ratios.Average(Math.Log));

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static string Heading(long rows, int runs) => string.Create(
        CultureInfo.InvariantCulture,
        $"{rows} rows, medians of {runs} pairs, commit {Commit()}; {Environment.ProcessorCount} processors ({Model()}), as many "
        + $"slots and threads of DuckDB.");

    private static string Commit()
    {
        using var git = Process.Start(
            new ProcessStartInfo("git", "describe --always --dirty")
            {
                RedirectStandardOutput = true, WorkingDirectory = Root(),
            });
        return git?.StandardOutput.ReadToEnd().Trim() is { Length: > 0 } name ? name : "unknown";
    }

    private static string Model() =>
        File.ReadLines("/proc/cpuinfo")
        .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";

    private static string Root() => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    private static void WriteReadme(IEnumerable<string> lines)
    {
        var path = Path.Combine(Root(), "tests", "Orleans.Cluster.Benchmarks", "README.md");
        var text = File.ReadAllText(path);
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            throw new InvalidOperationException($"{path} has not the two marks {Begin} and {End} that the table goes between.");
        }

        File.WriteAllText(path, $"{text[..(begin + Begin.Length)]}\n{string.Join('\n', lines)}\n{text[end..]}");
    }
}
