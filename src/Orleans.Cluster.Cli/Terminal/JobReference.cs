using System.Text.RegularExpressions;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>A job as somebody names it: its id, the first characters of one, or <c>@last</c>.</summary>
internal static partial class JobReference
{
    /// <summary>The newest job that the caller may see.</summary>
    public const string Last = "@last";

    public const int ShortestPrefix = 4;

    private const int PageSize = 500;
    private const int PagesSearched = 4;
    private const int MatchesShown = 5;

    /// <summary>Whether the text names a job at all.</summary>
    public static bool IsOne(string? text) => text is not null && (text == Last || Form().IsMatch(text));

    /// <exception cref="UsageException">It names no job, or several.</exception>
    public static async Task<JobId> ResolveAsync(IJobClient jobs, string text, CancellationToken cancellationToken)
    {
        if (JobId.TryParse(text, null, out var id))
        {
            return id;
        }

        if (text == Last)
        {
            var newest = await jobs.ListAsync(new JobFilter { PageSize = 1 }, cancellationToken);
            return newest.Items.Count > 0
                ? newest.Items[0].Id
                : throw new UsageException($"There is no job yet that {Last} could mean.");
        }

        if (!IsOne(text))
        {
            throw new UsageException(
                $"'{text}' is not a job id. Give its 26 characters (0-9 and A-Z), at least the first {ShortestPrefix} of them, "
                + $"or {Last}.");
        }

        return await FindAsync(jobs, text.ToUpperInvariant(), cancellationToken);
    }

    private static async Task<JobId> FindAsync(IJobClient jobs, string prefix, CancellationToken cancellationToken)
    {
        var found = new List<JobId>();
        string? token = null;
        for (var page = 0; page < PagesSearched; page++)
        {
            var listed = await jobs.ListAsync(new JobFilter { PageSize = PageSize, PageToken = token }, cancellationToken);
            found.AddRange(listed.Items.Select(job => job.Id)
                .Where(job => job.Value.StartsWith(prefix, StringComparison.Ordinal)));
            token = listed.NextPageToken;
            if (token is null)
            {
                break;
            }
        }

        return found switch
        {
            [var one] => one,
            [] => throw new UsageException(
                $"No job among the newest {PageSize * PagesSearched} has an id that begins with '{prefix}'."),
            _ => throw new UsageException(
                $"{found.Count} jobs have ids that begin with '{prefix}': {string.Join(", ", found.Take(MatchesShown))}"
                + $"{(found.Count > MatchesShown ? ", ..." : "")}. Give more characters."),
        };
    }

    [GeneratedRegex("^[0-7][0-9A-Za-z]{3,25}$")]
    private static partial Regex Form();
}
