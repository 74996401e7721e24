using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Commands;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Shell;

/// <summary>
/// Statements over the cluster, one after the other. Each is a job; an error ends the statement, not the shell.
/// </summary>
internal sealed class SqlShell(Session session, JsonObject job, int limit)
{
    private const string Prompt = "sql> ";
    private const string More = "...> ";

    private readonly StatementText typed = new();
    private readonly Dictionary<string, IReadOnlyList<string>> columns = [];
    private int rows = limit;
    private bool isVertical;

    /// <summary>Reads lines until there are no more: from a terminal with history and completion, else as they come.</summary>
    /// <returns>
    /// Of a terminal 0; of a file or a pipe the code of the first statement that failed, after which no other runs.
    /// </returns>
    public Task<int> RunAsync() => Console.IsInputRedirected || !session.Console.IsLive ? RunScriptAsync() : RunTerminalAsync();

    private async Task<int> RunScriptAsync()
    {
        while (await session.Console.Input.ReadLineAsync(session.Cancellation) is { } line)
        {
            foreach (var code in await TakeAsync(line).ToListAsync(session.Cancellation))
            {
                if (code is null or not ExitCodes.Done)
                {
                    return code ?? ExitCodes.Done;
                }
            }
        }

        var rest = typed.Take();
        return rest.Length == 0 ? ExitCodes.Done : await AskAsync(new Statement(rest, IsVertical: false));
    }

    private async Task<int> RunTerminalAsync()
    {
        var history = ShellHistory.OfUser();
        history.Load();
        var editor = new LineEditor(
            () => Console.ReadKey(intercept: true), session.Console.NotesText.Write, () => Console.WindowWidth);
        session.Note(
            $"Statements end with ; and may take several lines. .help lists the commands, Tab completes, Ctrl-D leaves. Server: "
            + $"{session.Server}");
        while (true)
        {
            Console.TreatControlCAsInput = true;
            var line = await editor.ReadAsync(typed.IsEmpty ? Prompt : More, history.Lines, CompleteAsync);
            Console.TreatControlCAsInput = false;
            if (line.Text is null)
            {
                return ExitCodes.Done;
            }

            if (line.IsDropped)
            {
                typed.Take();
                continue;
            }

            history.Add(line.Text);
            await foreach (var code in TakeAsync(line.Text))
            {
                session.Interrupts.Renew();
                if (code is null)
                {
                    return ExitCodes.Done;
                }
            }
        }
    }

    /// <returns>A code for each statement or command that the line has ended; null for one that ends the shell.</returns>
    private async IAsyncEnumerable<int?> TakeAsync(string line)
    {
        if (typed.IsEmpty && line.TrimStart().StartsWith('.'))
        {
            typed.Take();
            yield return await GuardAsync(() => ObeyAsync(line.Trim()));
            yield break;
        }

        foreach (var statement in typed.Add(line))
        {
            yield return await AskAsync(statement);
        }
    }

    private async Task<int> AskAsync(Statement statement) => (await GuardAsync(async () =>
    {
        var asked = (JsonObject)job.DeepClone();
        asked["operation"] = "sql";
        Json.Child(asked, "parameters")["query"] = statement.Text;
        return await SqlCommand.RunAsync(
            session, asked, rows, new RowsForm(statement.IsVertical || isVertical, CancelsAtOnce: true));
    }))!.Value;

    private async Task<int?> GuardAsync(Func<Task<int?>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception failure) when (Failures.Knows(failure))
        {
            return Failures.Report(session.Console, failure);
        }
    }

    private Task<int?> GuardAsync(Func<Task<int>> step) => GuardAsync(async () => (int?)await step());

    private async Task<int?> ObeyAsync(string line)
    {
        var words = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var rest = words.Length > 1 ? words[1] : "";
        switch (words[0])
        {
            case ".quit" or ".exit":
                return null;
            case ".help":
                ShellWords.Commands.ToList()
                    .ForEach(command => session.Console.Prose.WriteLine($"{command.Form,-22} {command.Description}", 23));
                break;
            case ".source":
                AddSource(rest);
                break;
            case ".sources":
                (job["sources"] as JsonObject)?.ToList()
                    .ForEach(pair => session.Console.Prose.WriteLine($"{pair.Key} = {pair.Value?["path"]?.ToJsonString()}"));
                break;
            case ".columns":
                PartitionViews.WriteSchema(session.Console, await DescribeAsync(rest));
                break;
            case ".files":
                var folder = await session.Connection.Insight.BrowseAsync(rest.Length == 0
                    ? null
                    : rest, null, session.Cancellation);
                InsightViews.WriteFolder(session.Console, folder);
                break;
            case ".vertical":
                isVertical = rest is "on" or "" ? rest == "on" || !isVertical : rest == "off" ? false
                    : throw Wrong(".vertical", "on or off", rest);
                break;
            case ".limit":
                rows = int.TryParse(rest, out var count) && count > 0 ? count : throw Wrong(".limit", "a number of rows", rest);
                break;
            default:
                var near = Arguments.NearestWord.Find(words[0], ShellWords.Commands.Select(command => command.Name));
                throw new UsageException(
                    $"Unknown command '{words[0]}'.{(near is null ? " .help lists them." : $" Did you mean '{near}'?")}");
        }

        return ExitCodes.Done;
    }

    private static UsageException Wrong(string command, string wanted, string given) =>
        new($"{command} takes {wanted}, not '{given}'.");

    private void AddSource(string text)
    {
        if (text.Split('=', 2) is not [var name, var path] || name.Length == 0
            || !name.All(sign => char.IsLetterOrDigit(sign) || sign == '_'))
        {
            throw new UsageException("Write .source NAME=PATH, for example .source genes=expression/*.csv");
        }

        if (job.ContainsKey("source"))
        {
            throw new UsageException(
                "This shell was started over one dataset, which is called source. Start it with -t NAME=PATH to have several.");
        }

        Json.Child(job, "sources")[name.Trim()] = new JsonObject { ["path"] = path.Trim() };
        columns.Remove(name.Trim());
    }

    private async Task<DatasetPreview> DescribeAsync(string text)
    {
        var source = (job["sources"] as JsonObject)?[text] ?? (text is "" or "source" ? job["source"] : null);
        var spec = source?.Deserialize<SourceSpec>(WireJson.Options) ?? (text is "" or "source" ? null : new SourceSpec
        {
            Path = [text],
        });
        return await session.Jobs.PartitionAsync(spec, null, session.Cancellation);
    }

    private async Task<Completion> CompleteAsync(string before)
    {
        try
        {
            return ShellWords.OpenPath(before) is { } path
                ? await CompletePathAsync(before, path)
                : ShellWords.Find(before, await NamesAsync());
        }
        catch (Exception failure) when (Failures.Knows(failure))
        {
            // Completion helps; what is wrong is said when the statement is sent.
            return new Completion(before.Length, []);
        }
    }

    private async Task<Completion> CompletePathAsync(string before, string path)
    {
        var slash = path.LastIndexOf('/') + 1;
        var folder = slash == 0 ? "." : path[..slash];
        var page = await session.Connection.Insight.BrowseAsync(folder, null, session.Cancellation);
        var found = page.Entries.Where(entry => entry.Name.StartsWith(path[slash..], StringComparison.Ordinal))
            .Select(entry => entry.Name + (entry.Kind == BrowseKind.Folder ? "/" : "'"));
        return new Completion(before.Length - path.Length + slash, [.. found]);
    }

    private async Task<IEnumerable<string>> NamesAsync()
    {
        var names = job["sources"] is JsonObject several ? several.Select(pair => pair.Key).ToList() : ["source"];
        foreach (var name in names.Where(name => !columns.ContainsKey(name)).ToList())
        {
            columns[name] = [.. (await DescribeAsync(name)).Columns.Select(column => column.Name)];
        }

        return names.Concat(names.SelectMany(name => columns[name]));
    }
}
