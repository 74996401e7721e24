using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Jobs, results and lists as people read them.</summary>
internal static class JobViews
{
    /// <summary>What goes on of a logged line is told from the next one by its indent.</summary>
    private const int LogHang = 4;

    public static void WriteStatus(CliConsole console, JobStatus status)
    {
        var facts = Facts(status).ToList();
        var names = facts.Max(fact => fact.Name.Length);
        foreach (var (name, value) in facts)
        {
            console.Prose.WriteLine($"{name.PadRight(names)}  {ShownText.Of(value)}", names + 2);
        }

        WriteError(console, status);
    }

    /// <summary>How a job that was followed ended, in a line or two.</summary>
    public static void WriteEnd(CliConsole console, JobStatus status)
    {
        console.NotesText.WriteLine(EndLine(status));
        foreach (var note in status.Notes)
        {
            console.NotesText.WriteLine($"Note: {ShownText.Of(ToolWords.Of(note, status.Id.Value))}");
        }

        WriteError(console, status);
    }

    public static void WriteJobs(CliConsole console, IReadOnlyList<JobStatus> jobs)
    {
        var table = Table(
            new("Id", 0, IsWhole: true), new("Status", 1), new("Done", 2), new("Priority", 6), new("Operation", 5),
            new("Created", 4, IsWhole: true), new("Name", 3));
        foreach (var job in jobs)
        {
            table.AddRow(Cells(
                job.Id.Value, JobFollower.WireWord(job.Phase), job.Progress.Fraction.ToString("P0", CultureInfo.InvariantCulture),
                JobFollower.WireWord(job.Priority), Operation(job), Time(job.CreatedAt), job.Name ?? ""));
        }

        console.Out.Write(table);
    }

    public static void WriteRows(
        CliConsole console, ResultRows rows, string moreWith = "--limit shows more, --out writes a file.",
        bool isVertical = false)
    {
        var table = Table([.. rows.Columns.Select(column => new TableColumnHead(column.Name))]);
        foreach (var row in rows.Rows)
        {
            table.AddRow(Cells([.. row.Select(Cell)]));
        }

        var width = console.Out.Profile.Width;
        if (rows.Rows.Count == 0 && table.LosesColumns(width))
        {
            var names = rows.Columns.Select(column => ShownText.Of(column.Name));
            console.Prose.WriteLine($"No rows. Columns: {string.Join(", ", names)}");
        }

        foreach (var line in isVertical || table.LosesColumns(width) ? table.Records(width) : table.Lines(width))
        {
            console.Text.WriteLine(line);
        }

        if (rows.Rows.Count < rows.TotalRows)
        {
            console.NotesText.WriteLine($"{rows.Rows.Count} of {rows.TotalRows} rows; {moreWith}");
        }
    }

    public static void WriteCallbacks(CliConsole console, CallbackList deliveries)
    {
        var table = Table(
            "Phase", "State", "Tries", new("Created", 5), new("Next try", 4), new("Ended", 6), new("Last error", 3),
            new("Id", 7, IsWhole: true));
        foreach (var item in deliveries.Items)
        {
            table.AddRow(Cells(
                JobFollower.WireWord(item.Status), JobFollower.WireWord(item.State), $"{item.Tries}", Time(item.CreatedAt),
                Time(item.NextTryAt),
                Time(item.EndedAt), item.LastError ?? "", item.Id));
        }

        console.Out.Write(table);
    }

    /// <summary>One line for each event; text that a log collector takes as it is.</summary>
    public static void WriteLog(CliConsole console, JobLog log)
    {
        foreach (var line in log.Items)
        {
            var where = line.Stage is null
                ? ""
                : $" [{line.Stage}/{line.Partition}, attempt {line.Attempt}, {line.Worker?.Value}]";
            console.Prose.WriteLine(
                $"{line.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {line.Level} {line.Message}{where}", LogHang);
        }
    }

    public static TextTable Table(params TableColumnHead[] heads) => new(heads);

    public static string[] Cells(params string[] values) => values;

    public static string Time(DateTimeOffset time) =>
        time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset? time) => time is { } known ? Time(known) : "";

    private static IEnumerable<(string Name, string Value)> Facts(JobStatus status)
    {
        yield return ("Job", status.Id.Value);
        if (status.Name is { } name)
        {
            yield return ("Name", name);
        }

        yield return ("Operation", $"{Operation(status)}, priority {JobFollower.WireWord(status.Priority)}");
        yield return ("Status",
            $"{JobFollower.WireWord(status.Phase)}, {status.Progress.Fraction.ToString("P1", CultureInfo.InvariantCulture)}");
        yield return ("Progress", JobFollower.Detail(status, null));
        yield return ("Created", Time(status.CreatedAt));
        if (status is { StartedAt: { } started, FinishedAt: { } finished })
        {
            yield return ("Ran", Quantities.Duration(finished - started));
        }

        if (status.Result is { } result)
        {
            yield return ("Result", $"{Quantities.Of(result.Rows, "row")}, {Quantities.Bytes(result.Bytes)} in {Files(result)}"
                + (result.Path is { } folder ? $" of {folder}" : ", kept with the job"));
        }

        if (status.QuarantinedRows > 0)
        {
            yield return ("Quarantined", Quantities.Of(status.QuarantinedRows, "row"));
        }

        foreach (var note in status.Notes)
        {
            yield return ("Note", ToolWords.Of(note, status.Id.Value));
        }
    }

    private static string EndLine(JobStatus status)
    {
        var took = status.FinishedAt - status.CreatedAt is { } time ? $" after {Quantities.Duration(time)}" : "";
        var made = status.Result is { } result ? $": {Quantities.Of(result.Rows, "row")}, {Quantities.Bytes(result.Bytes)}"
            + (result.Path is { } folder ? $" in {ShownText.Of(folder)}" : "") : "";
        var aside = status.QuarantinedRows > 0 ? $", {Quantities.Of(status.QuarantinedRows, "row")} quarantined" : "";
        return $"Job {status.Id} {JobFollower.WireWord(status.Phase)}{took}{made}{aside}";
    }

    private static void WriteError(CliConsole console, JobStatus status)
    {
        if (status.Error is { } error)
        {
            Problems.Write(console, error);
        }
    }

    private static string Operation(JobStatus status) => status.Operation.ToString().ToLowerInvariant();

    private static string Cell(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString() ?? "",
        _ => value.GetRawText(),
    };

    // The status of a result of very many files does not list them.
    private static string Files(JobResult result) =>
        result is { Files.Count: 0, Bytes: > 0 } ? "more than 1,000 files" : Quantities.Of(result.Files.Count, "file");
}
