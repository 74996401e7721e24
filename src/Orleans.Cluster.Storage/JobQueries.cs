using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>From a filter to a query over the columns of the job rows.</summary>
internal static class JobQueries
{
    private const string Escape = "~";

    /// <summary>
    /// Jobs that meet every part of the filter. Times are half-open, to the millisecond: at or after, and before.
    /// </summary>
    public static IQueryable<ProcessingJob> Matching(ClusterDbContext db, JobFilter filter)
    {
        var jobs = db.Jobs.AsNoTracking().Visible();
        if (filter.Before is { } before)
        {
            jobs = jobs.Where(job => string.Compare(job.Id, before.Value) < 0);
        }

        if (filter.Phases is { Count: > 0 } phases)
        {
            jobs = jobs.Where(job => phases.Contains(job.Phase));
        }

        if (filter.Priority is { } priority)
        {
            jobs = jobs.Where(job => job.Priority == priority);
        }

        if (filter.Operation is { } operation)
        {
            jobs = jobs.Where(job => job.Operation == operation);
        }

        if (filter.CreatedAfter is { } after)
        {
            jobs = jobs.Where(job => job.CreatedAt >= after);
        }

        if (filter.CreatedBefore is { } until)
        {
            jobs = jobs.Where(job => job.CreatedAt < until);
        }

        if (filter.Owner is { } owner)
        {
            jobs = jobs.Where(job => job.Owner == owner);
        }

        foreach (var (key, value) in filter.Labels ?? new Dictionary<string, string>())
        {
            jobs = jobs.Where(job =>
                db.JobLabels.Any(label => label.JobId == job.Id && label.Key == key && label.Value == value));
        }

        if (filter.Text is { Length: > 0 } text)
        {
            // The name is the first member of the stored job, so it is what stands before the operation.
            var (named, anywhere) = ($"{{\"name\":\"%{Literal(JsonText(text))}%\",\"operation\":%",
                $"%{Literal(text.ToLowerInvariant())}%");
            jobs = jobs.Where(job =>
                EF.Functions.Like(job.Id.ToLower(), anywhere, Escape)
                || EF.Functions.Like(job.Spec.ToLower(), named, Escape)
                || db.JobLabels.Any(label => label.JobId == job.Id
                    && (EF.Functions.Like(label.Key.ToLower(), anywhere, Escape)
                        || EF.Functions.Like(label.Value.ToLower(), anywhere, Escape))));
        }

        return jobs;
    }

    // As the text stands inside a JSON string, in small letters.
    private static string JsonText(string text) => Documents.Write(text)![1..^1].ToLowerInvariant();

    private static string Literal(string text) => text
        .Replace(Escape, Escape + Escape, StringComparison.Ordinal)
        .Replace("%", Escape + "%", StringComparison.Ordinal)
        .Replace("_", Escape + "_", StringComparison.Ordinal);
}
