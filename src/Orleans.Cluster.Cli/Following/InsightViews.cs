using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Stories, operators, attempts over time and folders as people read them.</summary>
internal static class InsightViews
{
    private const string Letters = "WRCFSX";
    private static readonly string[] Words = ["waiting", "running", "committed", "failed", "split", "cancelled"];

    // Reasons begin behind a phase and its time.
    private const int PhaseHang = 2 + 11 + 1 + 9 + 2;

    public static void WriteStory(CliConsole console, JobStory story)
    {
        console.Prose.WriteLine(story.Verdict);
        foreach (var phase in story.Phases)
        {
            var time = Quantities.Duration(TimeSpan.FromSeconds(phase.Seconds));
            console.Prose.WriteLine($"  {phase.Phase,-11} {time,9}  {phase.Reason}".TrimEnd(), PhaseHang);
        }

        foreach (var finding in story.Findings)
        {
            console.Prose.WriteLine($"{finding.Code}: {ToolWords.Of(finding.Detail)} ({finding.Evidence})", 2);
            if (finding.Change is { } change)
            {
                console.Prose.WriteLine(OptionPlaces.Name(change.Pointer) is { } option
                    ? $"  Try {option} {Value(change.Value)} in the next submit."
                    : $"  Try {change.Pointer} = {Value(change.Value)} in the next submit.");
            }
        }
    }

    /// <summary>Operators with the share of their stage's time, the slowest partition beside the median.</summary>
    public static void WriteProfile(CliConsole console, JobProfile profile)
    {
        if (profile.Stages.Count == 0)
        {
            console.NotesText.WriteLine("No operators were measured yet: they are once a partition has committed.");
        }

        foreach (var stage in profile.Stages)
        {
            var spill = stage.SpilledBytes > 0 ? $", {Quantities.Bytes(stage.SpilledBytes)} spilled" : "";
            console.Prose.WriteLine($"Stage {stage.Stage}, {Quantities.Of(stage.Partitions, "partition")} measured{spill}");
            console.Out.Write(Operators(stage));
        }
    }

    public static void WriteTimeline(CliConsole console, Timeline timeline)
    {
        if (timeline.Bars.Count == 0)
        {
            console.NotesText.WriteLine("Nothing ran in that time.");
            return;
        }

        foreach (var line in AttemptChart.Lines(timeline, DateTimeOffset.UtcNow, Math.Min(console.Out.Profile.Width, 160)))
        {
            console.Text.WriteLine(line);
        }

        console.NotesText.WriteLine(AttemptChart.Legend + (timeline.Merged ? "   (neighbours are merged)" : ""));
    }

    public static void WriteSummary(CliConsole console, PartitionSummary summary)
    {
        var table = JobViews.Table(
            ["Stage", "Partitions", .. Words.Select(word => new TableColumnHead(word)), "Rows out", "Bytes out"]);
        foreach (var stage in summary.Stages)
        {
            table.AddRow(
            [
                $"{stage.Stage}", $"{stage.States.Length}",
                .. Letters.Select(letter => $"{stage.States.Count(state => state == letter)}"),
                Quantities.Count(stage.RowsOut), Quantities.Bytes(stage.BytesOut),
            ]);
        }

        console.Out.Write(table);
    }

    public static void WriteFolder(CliConsole console, BrowsePage page)
    {
        var table = JobViews.Table(new("Name", IsWhole: true), new("Bytes", 1), new("Changed", 2));
        foreach (var entry in page.Entries)
        {
            var isFolder = entry.Kind == BrowseKind.Folder;
            table.AddRow(entry.Name + (isFolder ? "/" : ""), isFolder
                ? ""
                : Quantities.Bytes(entry.Bytes), JobViews.Time(entry.ModifiedAt));
        }

        console.Out.Write(table);
        if (page.NextPageToken is { } next)
        {
            console.NotesText.WriteLine($"More with: --page-token {next}");
        }
    }

    private static TextTable Operators(StageProfile stage)
    {
        var table = JobViews.Table(
            new("Operator", 0), new("Share", 1), new("Median", 4), new("Most", 3), new("Rows in", 5), new("Rows out", 2),
            new("Detail", 6));
        var total = Math.Max(double.Epsilon, stage.Operators.Sum(item => item.Seconds.Sum));
        var depths = new Dictionary<int, int>();
        foreach (var item in stage.Operators)
        {
            depths[item.Id] = item.Parent is { } parent && depths.TryGetValue(parent, out var above) ? above + 1 : 0;
            table.AddRow(
                new string(' ', depths[item.Id]) + item.Name,
                (item.Seconds.Sum / total).ToString("P0", CultureInfo.InvariantCulture),
                Seconds(item.Seconds.Median), Seconds(item.Seconds.Max), Quantities.Count(item.Rows.In),
                Quantities.Count(item.Rows.Out), item.Detail ?? "");
        }

        return table;
    }

    private static string Seconds(double seconds) => seconds.ToString("0.000", CultureInfo.InvariantCulture) + " s";

    private static string Value(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
