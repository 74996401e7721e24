using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests;

/// <summary>The history of a cluster that has run for a year, with as many rows of each resolution as are kept then.</summary>
public sealed class MetricsYearTests(PostgresFixture postgres, ITestOutputHelper output)
{
    private const int MostWindows = 1_000;
    private static readonly DateTimeOffset Now = new(2026, 6, 30, 12, 34, 50, TimeSpan.Zero);

    // Level, seconds of a row, days kept.
    private static readonly (int Level, int Seconds, int Days)[] Levels =
        [(0, 10, 1), (1, 60, 14), (2, 300, 60), (3, 1800, 365), (4, 10_800, 365)];

    /// <summary>One figure is the time itself, in hours; the others are there because a real sample has as many.</summary>
    private static readonly string[] Others =
    [
        "workers", "workersActive", "slots", "slotsBusy", "cpu", "memoryOfferedBytes", "memoryGrantedBytes", "memoryUsedBytes",
        "jobsActive", "partitionsRunning",
        "partitionsPerSecond", "rowsPerSecond", "bytesPerSecond", "failuresPerSecond", "lostPerSecond", "partitionsWaitingLow",
        "partitionsWaitingNormal",
        "partitionsWaitingHigh", "partitionsWaitingCritical",
    ];

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both)), Trait("Category", "Long")]
    public async Task Query_OverAYear_EveryWindowIsThereAndHoldsItsOwnTime(Database database)
    {
        await using var storage = await TestStorage.Create(database, postgres);
        var metrics = storage.Services.GetRequiredService<IMetricsStore>();
        await Fill(storage);
        var random = new Random(11);
        var times = new List<(double Wall, double Cpu)>();
        foreach (var (span, step) in Questions(random))
        {
            var since = Now - span;
            IReadOnlyList<MetricsSample> samples = [];
            var (wall, cpu) = (double.MaxValue, double.MaxValue);
            for (var again = 0; again < 5; again++)
            {
                var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                samples = await metrics.Query(since, Now, step, default);
                JsonSerializer.SerializeToUtf8Bytes(
                    samples.Select(sample => new { sample.At, sample.Figures }), WireJson.Options);
                (wall, cpu) = (Math.Min(wall, clock.Elapsed.TotalMilliseconds),
                    Math.Min(cpu, (Environment.CpuUsage.TotalTime - before).TotalMilliseconds));
            }

            times.Add((wall, cpu));
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{span} by {step}: {samples.Count} windows, {wall:0} ms, {cpu:0} ms of a processor"));
            AssertWhole(since, step, samples);
        }

        var (middle, worst) = (times.Order().ElementAt(times.Count / 2),
            (times.Max(time => time.Wall), times.Max(time => time.Cpu)));
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{database}: {times.Count} questions; ms, and ms of a processor: median {middle:0}, worst {worst:0}"));
    }

    private static IEnumerable<(TimeSpan Span, TimeSpan Step)> Questions(Random random)
    {
        // Just finer than the next resolution is the worst that a step can be.
        foreach (var (_, seconds, days) in Levels)
        {
            foreach (var step in (int[])[seconds, (seconds * 2) - 1, (seconds * 5) - 1, (seconds * 6) - 1])
            {
                var span = Math.Min((long)step * MostWindows, days * 86_400L);
                yield return (TimeSpan.FromSeconds(span), TimeSpan.FromSeconds(step));
            }
        }

        for (var n = 0; n < 20; n++)
        {
            var span = Math.Exp(random.NextDouble() * Math.Log(365 * 86_400 / 600.0)) * 600;
            var step = Math.Max(1, Math.Ceiling(span / MostWindows)) * (1 + random.Next(10));
            yield return (TimeSpan.FromSeconds(Math.Floor(span)), TimeSpan.FromSeconds(step));
        }
    }

    // A row is counted to the window that it begins in, so a mean is off by what rows reach over the ends of their window at
    // most.
    private static void AssertWhole(DateTimeOffset since, TimeSpan step, IReadOnlyList<MetricsSample> samples)
    {
        Assert.InRange(samples.Count, 1, MostWindows + 1);
        Assert.Equal(samples.Count, samples.Select(sample => sample.At).Distinct().Count());
        foreach (var sample in samples)
        {
            Assert.Equal(0, sample.At.UtcTicks % step.Ticks);
            var middle = (sample.At - DateTimeOffset.UnixEpoch).TotalHours + (step.TotalHours / 2);
            var age = Now - sample.At;
            var coarsest = TimeSpan.FromSeconds(
                Levels.First(level => age <= TimeSpan.FromDays(level.Days) + step || level.Level == 4).Seconds);
            var tolerance = Math.Max(step.TotalHours, coarsest.TotalHours * 6);
            Assert.True(
                Math.Abs(sample.Figures["hours"] - middle) <= tolerance,
                $"{sample.At:u} by {step}: {sample.Figures["hours"]} is not within {tolerance} of {middle}.");
            Assert.Equal(Others.Length + 1, sample.Figures.Count);
        }

        // None is missing between the first and the last, unless rows are further apart than windows.
        var gaps = samples.Zip(samples.Skip(1)).Select(pair => pair.Second.At - pair.First.At).ToList();
        Assert.All(gaps, gap => Assert.True(gap <= step || gap <= TimeSpan.FromHours(3) + step, $"A gap of {gap} by {step}."));
        Assert.True(samples[0].At <= since + step + TimeSpan.FromHours(3), $"{samples[0].At:u} is long after {since:u}.");
        Assert.True(samples[^1].At >= Now - step - TimeSpan.FromMinutes(1), $"{samples[^1].At:u} is long before {Now:u}.");
    }

    private static async Task Fill(TestStorage storage)
    {
        var others = string.Join(
            ',', Others.Select((name, n) => $"\"{name}\":{(1234.5678 * n).ToString(CultureInfo.InvariantCulture)}"));
        foreach (var (level, seconds, days) in Levels)
        {
            var until = Now.ToUnixTimeSeconds() / seconds * seconds;
            var count = (days * 86_400L) / seconds;
            var from = until - (count * seconds);
            var sql = string.Create(CultureInfo.InvariantCulture, $$"""
                WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {{count}})
                INSERT INTO cluster_metrics (level, at, seconds, sample)
                SELECT {{level}}, ({{from}} + CAST(i AS BIGINT) * {{seconds}}) * 1000, {{seconds}},
                       '{"hours":' || CAST(({{from}} + CAST(i AS BIGINT) * {{seconds}} + {{seconds}} / 2.0) / 3600.0 AS TEXT) || ',{{others}}}'
                FROM n
                """);
            await storage.Database.WriteInAnyEpoch(
                db => db.Database.ExecuteSqlRawAsync(sql.Replace("{", "{{", StringComparison.Ordinal)
                    .Replace("}", "}}", StringComparison.Ordinal)), default);
        }
    }
}
