using System.CommandLine;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Reads a job's rows: as a table, as JSON, or as a file.</summary>
internal static class ResultCommand
{
    private const int RowsOnScreen = 50;

    public static IEnumerable<Command> Create(CommandFactory commands) =>
        [Result(commands), Download(commands), Quarantine(commands)];

    private static Command Result(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var format = new Option<ResultFormat?>("--format") { Description = "A table when absent" };
        var target = new Option<string?>("--out", "-o")
        {
            Description = "File to write; its ending gives the format", HelpName = "path",
        };
        var limit = new Option<long?>("--limit") { Description = $"At most so many rows; {RowsOnScreen} for a table" };
        var offset = new Option<long>("--offset") { Description = "Rows to pass over" };
        return commands.Create("result", "Show or download a job's rows", [job, format, target, limit, offset], async session =>
        {
            var page = new Page(await session.JobAsync(job), session.Parsed.GetValue(offset), session.Parsed.GetValue(limit));
            var path = session.Parsed.GetValue(target);
            var form = session.Parsed.GetValue(format) ?? FormatOf(path) ?? (session.Json ? ResultFormat.Json : null);
            if (form is { } known)
            {
                await DownloadAsync(session, page, known, path);
                return ExitCodes.Done;
            }

            var rows = await session.Jobs.GetResultAsync(page.Job, page.Offset, page.Limit ?? RowsOnScreen, session.Cancellation);
            JobViews.WriteRows(session.Console, rows);
            return ExitCodes.Done;
        });
    }

    private static Command Download(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var format = new Option<ResultFormat?>(
            "--format") { Description = "By the file's ending when absent, else parquet" };
        var target = new Option<string?>("--out", "-o")
        {
            Description = "File to write; JOB.parquet in this folder when absent", HelpName = "path",
        };
        var part = new Option<int?>("--part") { Description = "Only this part of the result", HelpName = "number" };
        var list = new Option<bool>("--list") { Description = "List the parts of the result, and download nothing" };
        return commands.Create(
            "download", "Download a job's rows, or a part of them, as a file", [job, format, target, part, list], async session =>
        {
            var id = await session.JobAsync(job);
            if (session.Parsed.GetValue(list))
            {
                var parts = await session.Jobs.ListResultPartsAsync(id, session.Cancellation);
                WriteParts(session, parts);
                return ExitCodes.Done;
            }

            var path = session.Parsed.GetValue(target);
            var form = session.Parsed.GetValue(format) ?? FormatOf(path) ?? ResultFormat.Parquet;
            path ??= $"{id}{(session.Parsed.GetValue(part) is { } number ? $"-{number}" : "")}{EndingOf(form)}";
            await using var rows = session.Parsed.GetValue(part) is { } index
                ? await session.Jobs.OpenResultPartAsync(id, index, form, session.Cancellation)
                : await session.Jobs.OpenResultAsync(id, form, 0, null, session.Cancellation);
            await WriteAsync(session, rows, path);
            return ExitCodes.Done;
        });
    }

    private static void WriteParts(Session session, ResultParts parts)
    {
        if (session.Json)
        {
            session.WriteJson(parts);
            return;
        }

        foreach (var part in parts.Parts)
        {
            session.Console.Text.WriteLine($"{part.Index}  {part.Rows} rows  {Quantities.Bytes(part.Bytes)}  {part.Sha256}");
        }
    }

    private static Command Quarantine(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var limit = new Option<long?>("--limit") { Description = $"At most so many rows; {RowsOnScreen} for a table" };
        var offset = new Option<long>("--offset") { Description = "Rows to pass over" };
        return commands.Create(
            "quarantine", "Show rows that were set aside because they did not fit", [job, limit, offset], async session =>
        {
            var rows = await session.Jobs.GetQuarantineAsync(
                await session.JobAsync(job), session.Parsed.GetValue(offset), session.Parsed.GetValue(limit)
                ?? (session.Json ? null : RowsOnScreen),
                session.Cancellation);
            if (session.Json)
            {
                session.WriteJson(rows);
                return ExitCodes.Done;
            }

            JobViews.WriteRows(session.Console, rows, moreWith: "--limit shows more.");
            return ExitCodes.Done;
        });
    }

    private static async Task DownloadAsync(Session session, Page page, ResultFormat format, string? path)
    {
        if (format is ResultFormat.Parquet or ResultFormat.Arrow && path is null && !Console.IsOutputRedirected)
        {
            throw new UsageException($"{format} is not for a terminal. Name a file with --out.");
        }

        await using var rows = await session.Jobs.OpenResultAsync(
            page.Job, format, page.Offset, page.Limit, session.Cancellation);
        if (path is null)
        {
            var output = session.Console.OpenRawOutput();
            await rows.CopyToAsync(output, session.Cancellation);
            await output.FlushAsync(session.Cancellation);
            return;
        }

        await WriteAsync(session, rows, path);
    }

    private static async Task WriteAsync(Session session, Stream rows, string path)
    {
        await using var file = Create(path);
        await rows.CopyToAsync(file, session.Cancellation);
        session.Note($"{Quantities.Bytes(file.Length)} in {path}");
    }

    private static FileStream Create(string path)
    {
        try
        {
            return File.Create(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(FileFaults.Of(failure, path));
        }
    }

    private static string EndingOf(ResultFormat format) =>
        format == ResultFormat.Arrow ? ".arrows" : $".{format.ToString().ToLowerInvariant()}";

    private static ResultFormat? FormatOf(string? path) => Path.GetExtension(path)?.ToLowerInvariant() switch
    {
        ".json" => ResultFormat.Json,
        ".csv" => ResultFormat.Csv,
        ".parquet" => ResultFormat.Parquet,
        ".arrow" or ".arrows" => ResultFormat.Arrow,
        null => null,
        _ => throw new UsageException($"The ending of '{path}' says no format. Add --format json, csv, parquet or arrow."),
    };

    private sealed record Page(JobId Job, long Offset, long? Limit);
}
