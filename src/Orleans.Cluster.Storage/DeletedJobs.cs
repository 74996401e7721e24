using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// A job is deleted in two steps. First its row gets a phase that no reader knows, which takes a moment however large it is. Then
/// its rows are removed a bounded number at a time, and its own row last: not before its events have been delivered or given up,
/// since these need it.
/// </summary>
internal static class DeletedJobs
{
    /// <summary>The phase of a row that is being removed. Stored; not one of those that a job can have.</summary>
    public const JobPhase Phase = (JobPhase)100;

    private static readonly JobPhase[] EndPhases = [.. Enum.GetValues<JobPhase>().Where(phase => phase.IsTerminal())];

    /// <summary>Jobs that anybody may see.</summary>
    public static IQueryable<ProcessingJob> Visible(this IQueryable<ProcessingJob> jobs) => jobs.Where(job => job.Phase != Phase);

    /// <summary>Hides these jobs, of which all have ended, with their idempotency keys.</summary>
    /// <returns>How many there were.</returns>
    public static async Task<int> Hide(ClusterDbContext db, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        var hidden = await db.Jobs.Where(job => ids.Contains(job.Id) && EndPhases.Contains(job.Phase))
            .ExecuteUpdateAsync(set => set.SetProperty(job => job.Phase, Phase), cancellationToken);
        if (hidden > 0)
        {
            await db.IdempotencyKeys.Where(key => ids.Contains(key.JobId)).ExecuteDeleteAsync(cancellationToken);
        }

        return hidden;
    }

    /// <summary>Hides some of the jobs that ended before a time, the oldest first.</summary>
    public static async Task<int> HideExpired(
        ClusterDbContext db, DateTimeOffset endedBefore, int most, CancellationToken cancellationToken)
    {
        var ids = await db.Jobs.Where(job => EndPhases.Contains(job.Phase) && job.FinishedAt <= endedBefore)
            .OrderBy(job => job.Id).Select(job => job.Id).Take(most).ToListAsync(cancellationToken);
        return ids.Count == 0 ? 0 : await Hide(db, ids, cancellationToken);
    }

    /// <summary>
    /// The next hidden job of which something can be removed, after another one in the order of their ids; null for none.
    /// </summary>
    public static Task<string?> FindNext(ClusterDbContext db, string after, CancellationToken cancellationToken) => db.Jobs
        .Where(job => job.Phase == Phase && string.Compare(job.Id, after) > 0)
        .Where(job => db.Partitions.Any(row => row.JobId == job.Id) || db.Attempts.Any(row => row.JobId == job.Id)
            || !db.Outbox.Any(row => row.JobId == job.Id && row.DoneAt == null))
        .OrderBy(job => job.Id).Select(job => job.Id).FirstOrDefaultAsync(cancellationToken);

    /// <summary>
    /// Removes a part of what belongs to a hidden job, and the job itself when nothing of it is left and nobody waits for its
    /// events.
    /// </summary>
    /// <returns>Rows removed.</returns>
    public static async Task<int> RemoveSome(ClusterDbContext db, string job, int most, CancellationToken cancellationToken)
    {
        // By the keys: what is generated for a limited delete looks at every row of the table for each that it removes.
        var attempts = await db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM attempts WHERE (job_id, stage, "partition", number) IN (
                SELECT job_id, stage, "partition", number FROM attempts WHERE job_id = {job} ORDER BY stage, "partition", number LIMIT {most})
            """,
            cancellationToken);
        var partitions = attempts == most ? 0 : await db.Database.ExecuteSqlAsync(
            $"""
            DELETE FROM partitions WHERE (job_id, stage, "partition") IN (
                SELECT job_id, stage, "partition" FROM partitions WHERE job_id = {job} ORDER BY stage, "partition" LIMIT {most - attempts})
            """,
            cancellationToken);
        if (attempts + partitions == most)
        {
            return most;
        }

        return attempts + partitions + await db.Jobs
            .Where(row => row.Id == job && row.Phase == Phase
                && !db.Outbox.Any(message => message.JobId == job && message.DoneAt == null))
            .ExecuteDeleteAsync(cancellationToken);
    }
}
