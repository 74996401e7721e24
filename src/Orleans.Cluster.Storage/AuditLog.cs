using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// The audit chain. Its head is a row of its own: whoever appends holds it, so numbers have no gaps and every entry has one
/// successor; and an entry cut off at the end is missed, which the chain alone would not show.
/// </summary>
internal sealed class AuditLog(ClusterDatabase database) : IAuditLog
{
    private const int PageSize = 2000;

    public Task<long> Append(AuditEvent entry, CancellationToken cancellationToken) =>
        database.WriteInAnyEpoch(db => Append(db, entry, cancellationToken), cancellationToken);

    public Task<long> Trim(DateTimeOffset before, DateTimeOffset now, CancellationToken cancellationToken) =>
        database.WriteInAnyEpoch(
            async db =>
            {
                var first = await db.AuditLog.AsNoTracking().OrderBy(row => row.Sequence).FirstOrDefaultAsync(cancellationToken);
                if (first is null || first.At >= before)
                {
                    return 0L;
                }

                // In order of the chain, not of the clocks that wrote it: what is removed is its beginning.
                var kept = await db.AuditLog.AsNoTracking()
                    .Where(row => row.At >= before).MinAsync(row => (long?)row.Sequence, cancellationToken);
                var last = await db.AuditLog.AsNoTracking().Where(row => kept == null || row.Sequence < kept)
                    .OrderByDescending(row => row.Sequence).FirstAsync(cancellationToken);
                var mark = new AuditMark(last.Sequence, last.Hash);
                await Append(db, new AuditEvent(now, "", IAuditLog.Trimmed, $"{mark}", "retention", "ok"), cancellationToken);
                return (long)await db.AuditLog.Where(row => row.Sequence <= last.Sequence).ExecuteDeleteAsync(cancellationToken);
            },
            cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> List(long? before, int pageSize, CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<AuditEntry>>(
            async db =>
            {
                var rows = await db.AuditLog.AsNoTracking()
                    .Where(row => before == null || row.Sequence < before)
                    .OrderByDescending(row => row.Sequence)
                    .Take(pageSize)
                    .ToListAsync(cancellationToken);
                return [.. rows.Select(row => new AuditEntry(row.Sequence, ToEvent(row), row.Hash))];
            },
            cancellationToken);

    public async Task<AuditVerdict> Verify(AuditMark? kept, CancellationToken cancellationToken)
    {
        // The head first: entries that are added while the chain is read lie behind it and are not looked at.
        var head = await database.Read(db => db.AuditHead.AsNoTracking().SingleAsync(cancellationToken), cancellationToken);
        var begin = await FindBegin(cancellationToken);
        var (sequence, hash) = (begin?.Sequence ?? 0, begin?.Hash ?? AuditHeadRow.EmptyChain);
        if (begin is not null && kept?.Sequence == begin.Sequence && kept.Hash != begin.Hash)
        {
            return new AuditVerdict(head.Sequence, begin.Sequence);
        }

        while (sequence < head.Sequence)
        {
            var from = sequence;
            var page = await database.Read(
                db => db.AuditLog.AsNoTracking()
                    .Where(row => row.Sequence > from && row.Sequence <= head.Sequence)
                    .OrderBy(row => row.Sequence)
                    .Take(PageSize)
                    .ToListAsync(cancellationToken),
                cancellationToken);
            foreach (var row in page)
            {
                hash = Link(hash, row);
                if (row.Sequence != ++sequence || row.Hash != hash || (kept?.Sequence == sequence && kept.Hash != hash))
                {
                    return new AuditVerdict(head.Sequence, sequence);
                }
            }

            if (page.Count == 0)
            {
                return new AuditVerdict(head.Sequence, sequence + 1);
            }
        }

        return hash != head.Hash ? new AuditVerdict(head.Sequence, sequence)
            : kept?.Sequence > head.Sequence ? new AuditVerdict(head.Sequence, head.Sequence + 1)
            : new AuditVerdict(head.Sequence, null) { Last = sequence == 0 ? null : new AuditMark(sequence, hash) };
    }

    // The entry before the first that is left, as the chain itself names it; null for a chain that has all of its entries, or
    // does not name it.
    private Task<AuditMark?> FindBegin(CancellationToken cancellationToken) => database.Read(
        async db =>
        {
            var first = await db.AuditLog.AsNoTracking().MinAsync(row => (long?)row.Sequence, cancellationToken) ?? 1;
            var prefix = $"{first - 1}:";
            var said = await db.AuditLog.AsNoTracking()
                .Where(row => row.Action == IAuditLog.Trimmed && row.Target.StartsWith(prefix))
                .Select(row => row.Target).FirstOrDefaultAsync(cancellationToken);
            return first > 1 && said is not null ? AuditMark.TryParse(said) : null;
        },
        cancellationToken);

    private static async Task<long> Append(ClusterDbContext db, AuditEvent entry, CancellationToken cancellationToken)
    {
        var head = (await db.Query(
            $"SELECT id, sequence, hash FROM audit_head{db.ForUpdate}",
            read => (Id: read.GetInt32(0), Sequence: read.GetInt64(1), Hash: read.GetString(2)), cancellationToken)).Single();
        var row = ToRow(entry, head.Sequence + 1);
        row.Hash = Link(head.Hash, row);
        var changed = await db.ExecuteAll(
            cancellationToken,
            ("UPDATE audit_head SET sequence = @p1, hash = @p2 WHERE id = @p0", [head.Id, row.Sequence, row.Hash]),
            ("""
             INSERT INTO audit_log (sequence, "at", actor, action, target, origin, outcome, detail, hash)
             VALUES (@p0, @p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8)
             """,
             [row.Sequence, row.At, row.Actor, row.Action, row.Target, row.Origin, row.Outcome, row.Detail, row.Hash]));
        if (!changed.SequenceEqual([1, 1]))
        {
            throw new InvalidOperationException($"Entry {row.Sequence} of the audit log was not written.");
        }

        return row.Sequence;
    }

    // As JSON, in which no text can pass for the border between two fields.
    private static string Link(string previous, AuditEntryRow row) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new object?[]
        {
            previous, row.Sequence, row.At.ToUnixTimeMilliseconds(), row.Actor, row.Action, row.Target, row.Origin, row.Outcome,
            row.Detail,
        },
        WireJson.Options)));

    private static AuditEntryRow ToRow(AuditEvent entry, long sequence) => new()
    {
        Sequence = sequence, At = entry.At, Actor = entry.Actor, Action = entry.Action, Target = entry.Target,
        Origin = entry.Origin,
        Outcome = entry.Outcome, Detail = entry.Detail, Hash = "",
    };

    private static AuditEvent ToEvent(AuditEntryRow row) =>
        new(row.At, row.Actor, row.Action, row.Target, row.Origin, row.Outcome, row.Detail);
}
