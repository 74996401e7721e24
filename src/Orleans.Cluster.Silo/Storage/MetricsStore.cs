using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Grains.History;
using Orleans.Cluster.Silo.Storage.Rows;

namespace Orleans.Cluster.Silo.Storage;

/// <summary>
/// Samples at three resolutions side by side, each with a time of its own. A query reads the coarsest that its step allows, so that it
/// reads about as many rows as it answers.
/// </summary>
internal sealed class MetricsStore(ClusterDatabase database) : IMetricsStore
{
    /// <summary>As appended, whatever interval that is.</summary>
    private const int Raw = 0;

    private static readonly (int Level, TimeSpan Window, TimeSpan Life)[] Levels =
    [
        (Raw, TimeSpan.Zero, TimeSpan.FromDays(1)),
        (1, TimeSpan.FromMinutes(1), TimeSpan.FromDays(14)),
        (2, TimeSpan.FromMinutes(10), TimeSpan.FromDays(365)),
    ];

    public Task Append(MetricsSample sample, CancellationToken cancellationToken) =>
        database.WriteInAnyEpoch(db => Insert(db, Raw, sample, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<MetricsSample>> Query(
        DateTimeOffset since, DateTimeOffset until, TimeSpan step, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, TimeSpan.FromSeconds(1));
        return database.Read<IReadOnlyList<MetricsSample>>(
            async db =>
            {
                var samples = new List<MetricsSample>();
                var from = since;

                // From the coarsest on: one coarser than the step where nothing finer is kept any more, then the coarsest that the step
                // allows, then finer ones for what has not been joined yet.
                foreach (var (level, window, _) in Levels.Reverse())
                {
                    var end = window <= step ? until : await Oldest(db, level - 1, cancellationToken) ?? until;
                    var rows = await Read(db, level, from, end < until ? end : until, cancellationToken);
                    samples.AddRange(rows);
                    from = rows.Count == 0 ? from : rows[^1].At + rows[^1].Span;
                }

                return Join(samples, step);
            },
            cancellationToken);
    }

    public async Task Thin(DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var ((finer, _, life), (level, window, _)) in Levels.Zip(Levels.Skip(1)))
        {
            await database.WriteInAnyEpoch(
                async db =>
                {
                    var newest = await db.ClusterMetrics.Where(row => row.Level == level).MaxAsync(row => (DateTimeOffset?)row.At, cancellationToken);
                    var from = newest is { } at ? at + window : now - life;
                    foreach (var joined in Join(await Read(db, finer, from, Align(now, window), cancellationToken), window))
                    {
                        await Insert(db, level, joined, cancellationToken);
                    }

                    return true;
                },
                cancellationToken);
        }

        foreach (var (level, _, life) in Levels)
        {
            var old = now - life;
            await database.WriteInAnyEpoch(
                db => db.ClusterMetrics.Where(row => row.Level == level && row.At < old).ExecuteDeleteAsync(cancellationToken), cancellationToken);
        }
    }

    private static Task<int> Insert(ClusterDbContext db, int level, MetricsSample sample, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO cluster_metrics (level, at, seconds, sample)
            VALUES ({level}, {sample.At.ToUnixTimeMilliseconds()}, {(int)sample.Span.TotalSeconds}, {Documents.Write(sample.Figures)})
            ON CONFLICT DO NOTHING
            """,
            cancellationToken);

    private static async Task<List<MetricsSample>> Read(
        ClusterDbContext db, int level, DateTimeOffset since, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var rows = await db.ClusterMetrics.AsNoTracking()
            .Where(row => row.Level == level && row.At >= since && row.At < until)
            .OrderBy(row => row.At)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => new MetricsSample(
            row.At, TimeSpan.FromSeconds(row.Seconds), Documents.Read<Dictionary<string, double>>(row.Sample)))];
    }

    private static Task<DateTimeOffset?> Oldest(ClusterDbContext db, int level, CancellationToken cancellationToken) =>
        db.ClusterMetrics.Where(row => row.Level == level).MinAsync(row => (DateTimeOffset?)row.At, cancellationToken);

    private static List<MetricsSample> Join(IEnumerable<MetricsSample> samples, TimeSpan window) =>
    [
        .. samples.GroupBy(sample => Align(sample.At, window)).OrderBy(group => group.Key).Select(group => new MetricsSample(
            group.Key, window, group.SelectMany(sample => sample.Figures.Keys).Distinct().ToDictionary(name => name, name => Mean(group, name)))),
    ];

    private static double Mean(IEnumerable<MetricsSample> samples, string name)
    {
        var having = samples.Where(sample => sample.Figures.ContainsKey(name)).ToList();
        return having.Sum(sample => sample.Figures[name] * sample.Span.TotalSeconds) / having.Sum(sample => sample.Span.TotalSeconds);
    }

    private static DateTimeOffset Align(DateTimeOffset at, TimeSpan window) => new(at.UtcTicks - (at.UtcTicks % window.Ticks), TimeSpan.Zero);
}
