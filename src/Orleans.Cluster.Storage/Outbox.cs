using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>The rows that <see cref="JobChanges"/> adds with each change of phase of a job that has a callback.</summary>
internal sealed class Outbox(ClusterDatabase database) : IOutbox
{
    // Asked twice a second by every gateway, and mostly for nothing: then nobody waits for a write.
    public async Task<IReadOnlyList<OutboxEvent>> Claim(
        int max, TimeSpan lease, DateTimeOffset now, CancellationToken cancellationToken) =>
        await database.Read(
            async db => (await db.Query(
                "SELECT 1 FROM outbox WHERE done_at IS NULL AND due_at <= @p0 LIMIT 1", _ => true, cancellationToken, now))
                .Count > 0,
            cancellationToken)
            ? await database.Write(db => Claim(db, max, lease, now, cancellationToken), [], cancellationToken)
            : [];

    public Task Finish(OutboxEvent message, string? error, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.Write(
            db => Row(db, message).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.DoneAt, now).SetProperty(row => row.LastError, error), cancellationToken),
            refused: 0,
            cancellationToken);

    public Task Postpone(OutboxEvent message, string error, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        database.Write(
            db => Row(db, message).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.DueAt, dueAt).SetProperty(row => row.LastError, error), cancellationToken),
            refused: 0,
            cancellationToken);

    public Task SetAside(IReadOnlyCollection<OutboxEvent> messages, DateTimeOffset dueAt, CancellationToken cancellationToken) =>
        database.Write(
            async db =>
            {
                foreach (var message in messages)
                {
                    await Row(db, message).ExecuteUpdateAsync(
                        set => set.SetProperty(row => row.DueAt, dueAt).SetProperty(row => row.Tries, row => row.Tries - 1),
                        cancellationToken);
                }

                return true;
            },
            refused: false,
            cancellationToken);

    public Task<IReadOnlyList<OutboxDelivery>> ListDeliveries(JobId job, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<OutboxDelivery>>(
            async db =>
            {
                var rows = await db.Outbox.AsNoTracking()
                    .Where(row => row.JobId == job.Value)
                    .Join(
                        db.JobHistory, row => new { row.JobId, row.Sequence }, entry => new { entry.JobId, entry.Sequence },
                        (row, entry) => new { Row = row, entry.Phase })
                    .OrderBy(pair => pair.Row.Sequence)
                    .ToListAsync(cancellationToken);
                return [.. rows.Select(pair => new OutboxDelivery(
                    job, pair.Row.Sequence, pair.Phase, pair.Row.CreatedAt, pair.Row.Tries, pair.Row.DueAt, pair.Row.DoneAt,
                    pair.Row.LastError))];
            },
            cancellationToken);

    private static async Task<IReadOnlyList<OutboxEvent>> Claim(
        ClusterDbContext db, int max, TimeSpan lease, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // One event of a job at a time, in order: a receiver must not learn of the end before the beginning.
        var sql =
            $$"""
            SELECT * FROM outbox
            WHERE done_at IS NULL AND due_at <= {0}
                AND NOT EXISTS (
                    SELECT 1 FROM outbox earlier
                    WHERE earlier.job_id = outbox.job_id AND earlier.sequence < outbox.sequence AND earlier.done_at IS NULL)
            ORDER BY due_at
            LIMIT {1}{{db.ForUpdateSkipLocked}}
            """;
        var rows = await db.Outbox.FromSqlRaw(sql, now.ToUnixTimeMilliseconds(), max).AsTracking().ToListAsync(cancellationToken);
        foreach (var row in rows)
        {
            row.DueAt = now + lease;
            row.Tries++;
        }

        await db.SaveChangesAsync(cancellationToken);
        var events = new List<OutboxEvent>();
        foreach (var row in rows)
        {
            var entry = await db.JobHistory.AsNoTracking()
                .SingleAsync(entry => entry.JobId == row.JobId && entry.Sequence == row.Sequence, cancellationToken);
            var spec = await db.Jobs.Where(job => job.Id == row.JobId).Select(job => job.Spec).SingleAsync(cancellationToken);
            events.Add(new OutboxEvent(
                JobId.Parse(row.JobId), row.Sequence, entry.Phase, entry.At, entry.Revision, entry.Detail,
                Documents.Read<JobSpec>(spec).Callback!, row.Tries));
        }

        return events;
    }

    private static IQueryable<OutboxRow> Row(ClusterDbContext db, OutboxEvent message) =>
        db.Outbox.Where(row => row.JobId == message.Job.Value && row.Sequence == message.Sequence && row.DoneAt == null);
}
