using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts.Rest;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Keys and the audit log as people read them.</summary>
internal static class AccessViews
{
    public static void WriteKeys(CliConsole console, KeyList keys)
    {
        var table = JobViews.Table(new("Id", IsWhole: true), "Role", "Name", "Created", "Expires", "Revoked");
        foreach (var key in keys.Items)
        {
            table.AddRow(JobViews.Cells(
                key.Id, JobFollower.WireWord(key.Role), key.Name, JobViews.Time(key.CreatedAt), JobViews.Time(key.ExpiresAt),
                JobViews.Time(key.RevokedAt)));
        }

        console.Out.Write(table);
    }

    public static void WriteAudit(CliConsole console, AuditList page)
    {
        var table = JobViews.Table("Number", new("Time", IsWhole: true), "Who", "What", "To what", "Outcome", "From", "More");
        foreach (var entry in page.Items)
        {
            table.AddRow(JobViews.Cells(
                $"{entry.Sequence}", JobViews.Time(entry.At), entry.Actor, entry.Action, entry.Target, entry.Outcome,
                entry.Origin, entry.Detail ?? ""));
        }

        console.Out.Write(table);
        if (page.NextPageToken is { } next)
        {
            console.NotesText.WriteLine($"More with: --page-token {next}");
        }
    }
}
