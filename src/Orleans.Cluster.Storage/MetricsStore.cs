using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Samples at several resolutions side by side, each with a time of its own. A query reads the coarsest that its step allows.
/// Each is at most six times finer than the next, so that a query reads at most six rows for a window of its answer, whatever its
/// step.
/// </summary>
internal sealed class MetricsStore(ClusterDatabase database) : IMetricsStore
{
    /// <summary>As appended, whatever interval that is.</summary>
    private const int Raw = 0;

    private static readonly (int Level, TimeSpan Window, TimeSpan Life)[] Levels =
    [
        (Raw, TimeSpan.Zero, TimeSpan.FromDays(1)),
        (1, TimeSpan.FromMinutes(1), TimeSpan.FromDays(14)),
        (2, TimeSpan.FromMinutes(5), TimeSpan.FromDays(60)),
        (3, TimeSpan.FromMinutes(30), TimeSpan.FromDays(365)),
        (4, TimeSpan.FromHours(3), TimeSpan.FromDays(365)),
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
                var fold = new SampleFold(step);

                // From the coarsest on: one coarser than the step where nothing finer is kept any more, then the coarsest that
                // the step allows, then finer ones for what has not been joined yet.
                foreach (var (level, window, _) in Levels.Reverse())
                {
                    var end = window <= step ? until : await Oldest(db, level - 1, cancellationToken) ?? until;
                    if (window <= step || await Oldest(db, level, cancellationToken) != SampleFold.Align(end, window))
                    {
                        await Read(db, fold, level, fold.End ?? since, end < until ? end : until, cancellationToken);
                    }
                    // Otherwise its first window is the one that the finer rows begin in: the history begins there, and they have
                    // all of it.
                }

                return fold.ToSamples();
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
                    var newest = await db.ClusterMetrics.Where(row => row.Level == level).OrderByDescending(row => row.At)
                        .Select(row => new { row.At, row.Seconds }).FirstOrDefaultAsync(cancellationToken);
                    var fold = new SampleFold(window);
                    var until = SampleFold.Align(now, window);
                    await Read(db, fold, finer, newest?.At.AddSeconds(newest.Seconds) ?? now - life, until, cancellationToken);
                    foreach (var joined in fold.ToSamples())
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
                db => db.ClusterMetrics.Where(row => row.Level == level && row.At < old).ExecuteDeleteAsync(cancellationToken),
                cancellationToken);
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

    private static async Task Read(
        ClusterDbContext db, SampleFold fold, int level, DateTimeOffset since, DateTimeOffset until,
        CancellationToken cancellationToken)
    {
        var rows = db.ClusterMetrics
            .Where(row => row.Level == level && row.At >= since && row.At < until)
            .OrderBy(row => row.At)
            .Select(row => new { row.At, row.Seconds, row.Sample })
            .AsAsyncEnumerable();
        await foreach (var row in rows.WithCancellation(cancellationToken))
        {
            fold.Add(row.At, row.Seconds, row.Sample);
        }
    }

    private static Task<DateTimeOffset?> Oldest(ClusterDbContext db, int level, CancellationToken cancellationToken) =>
        db.ClusterMetrics.Where(row => row.Level == level).MinAsync(row => (DateTimeOffset?)row.At, cancellationToken);
}
