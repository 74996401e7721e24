using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Partitions and plans as people read them.</summary>
internal static class PartitionViews
{
    private const int PartitionsOnScreen = 40;

    public static void WriteTasks(CliConsole console, PartitionList page)
    {
        var table = JobViews.Table(
            "Stage", "Partition", new("State", IsWhole: true), new("Attempts", 6), new("Worker", 5, IsWhole: true),
            new("Bytes", 8), new("Rows", 4), new("Time", 7),
            new("Last failure", 3));
        foreach (var item in page.Items)
        {
            var last = item.Attempts.Count > 0 ? item.Attempts[^1] : null;
            var failure = item.Attempts.LastOrDefault(attempt => attempt.Failure is not null)?.Failure;
            table.AddRow(JobViews.Cells(
                $"{item.Stage}", $"{item.Partition}", item.State, $"{item.Attempts.Count}", last?.Worker.Value ?? "",
                Quantities.Bytes(item.Bytes), Quantities.Count(item.Rows),
                last?.EndedAt - last?.StartedAt is { } took ? Quantities.Duration(took) : "",
                failure is null ? "" : $"{failure.Kind}: {ToolWords.Of(failure.Message)}"));
        }

        console.Out.Write(table);
        if (page.NextPageToken is { } next)
        {
            console.NotesText.WriteLine($"More with: --page-token {next}");
        }
    }

    public static void WriteSchema(CliConsole console, DatasetPreview preview)
    {
        console.NotesText.WriteLine(
            $"{JobFollower.WireWord(preview.Format)}, {Quantities.Bytes(preview.TotalBytes)}, about "
            + About(preview.EstimatedRows));
        if (preview.Dialect is { } dialect)
        {
            console.NotesText.WriteLine(Dialect(dialect));
        }

        var table = JobViews.Table("Column", "Type");
        foreach (var column in preview.Columns)
        {
            table.AddRow(column.Name, column.Type);
        }

        console.Out.Write(table);
        WriteWarnings(console, preview.Warnings);
    }

    private static string About(long rows) => rows == 1 ? "1 row" : $"{Quantities.Count(rows)} rows";

    // How the files were understood, for who wonders at the columns.
    private static string Dialect(PreviewDialect dialect)
    {
        var delimiter = dialect.Delimiter switch
        {
            "\t" => "tab",
            " " => "space",
            "whitespace" => "runs of spaces",
            var other => $"'{other}'",
        };
        var header = dialect.Header.Value ? "the first record names the columns" : "no header";
        var how = dialect.Header.How switch
        {
            HeaderEvidence.Declared => "as declared",
            HeaderEvidence.Types => "by the types below it",
            _ => "a guess",
        };
        var quote = dialect.Quote.Length == 0 ? "no quotes" : $"quote {dialect.Quote}";
        return $"Delimiter {delimiter}, {quote}, {header} ({how}).";
    }

    public static void WritePreview(CliConsole console, DatasetPreview preview)
    {
        console.Prose.WriteLine(
            $"{JobFollower.WireWord(preview.Format)}, {Quantities.Bytes(preview.TotalBytes)}, about "
            + $"{About(preview.EstimatedRows)}, "
            + Quantities.Of(preview.Partitions.Count, "partition"));
        console.Prose.WriteLine(string.Join(", ", preview.Columns.Select(column => $"{column.Name} {column.Type}")));
        var table = JobViews.Table("Partition", "Bytes", "Rows", "Files");
        foreach (var partition in preview.Partitions.Take(PartitionsOnScreen))
        {
            table.AddRow(JobViews.Cells(
                $"{partition.Index}", Quantities.Bytes(partition.Bytes), Quantities.Count(partition.EstimatedRows),
                string.Join(", ", partition.Files.Select(file => $"{file.Path} [{file.Start}, {file.End}) {file.Unit}"))));
        }

        console.Out.Write(table);
        WriteMore(console, preview.Partitions.Count);
        WriteWarnings(console, preview.Warnings);
    }

    public static void WritePlan(CliConsole console, PlanDocument plan)
    {
        console.Prose.WriteLine(plan.Query);
        foreach (var (name, dataset) in plan.Datasets)
        {
            console.Prose.WriteLine(
                $"{name}: {JobFollower.WireWord(dataset.Format)}, {Quantities.Bytes(dataset.TotalBytes)}, "
                + $"{Quantities.Of(dataset.Partitions.Count, "partition")}, read by {dataset.Reader}");
            if (dataset.Pruned is { } pruned)
            {
                var groups = pruned.OfRowGroups > 0 ? $", {pruned.RowGroups} of {pruned.OfRowGroups} row groups" : "";
                console.Prose.WriteLine(
                    $"   {pruned.Files} of {pruned.OfFiles} files{groups} ({Quantities.Bytes(pruned.Bytes)}) left out by the "
                    + "condition");
            }
        }

        foreach (var stage in plan.Stages)
        {
            console.Prose.WriteLine(
                $"{stage.Index}. {stage.Name}{Count(stage)} <- {string.Join(", ", stage.Inputs.Select(Input))}");
            console.Prose.WriteLine($"   {stage.Query}");
            if (stage.EstimatedRows is { } rows)
            {
                console.Prose.WriteLine($"   about {Quantities.Of(rows, "row")}, {Quantities.Bytes(stage.EstimatedRowBytes ?? 0)}"
                    + Really(stage));
            }

            if (stage.Note is { } note)
            {
                console.Prose.WriteLine($"   {note}");
            }
        }

        WriteWarnings(console, plan.Warnings);
    }

    public static void WriteWarnings(CliConsole console, IEnumerable<PlanWarning> warnings)
    {
        foreach (var warning in warnings)
        {
            console.NotesText.WriteLine($"Warning: {ToolWords.Of(warning.Detail)} ({warning.Code})");
        }
    }

    private static string Really(PlanStage stage) => stage.Actual switch
    {
        null => "",
        var done => $"; really {Quantities.Of(done.RowsOut, "row")} of {Quantities.Of(done.RowsIn, "row")}, "
            + $"{Quantities.Bytes(done.BytesOut)} written"
            + (done.Committed < done.Partitions ? $" by {done.Committed} of {Quantities.Of(done.Partitions, "task")}" : ""),
    };

    private static string Count(PlanStage stage) => stage.Partitions switch
    {
        null => ", as many tasks as pieces turn out",
        1 => ", 1 task",
        { } count => $", at most {count} tasks",
    };

    private static string Input(StageInput input) =>
        $"{input.Name} ({(input.Dataset is { } dataset ? dataset : $"stage {input.Stage}")}, {JobFollower.WireWord(input.Mode)}, "
        + $"about {Quantities.Bytes(input.EstimatedBytes)})";

    private static void WriteMore(CliConsole console, int count)
    {
        if (count > PartitionsOnScreen)
        {
            console.NotesText.WriteLine($"{PartitionsOnScreen} of {count} partitions; --json shows all.");
        }
    }
}
