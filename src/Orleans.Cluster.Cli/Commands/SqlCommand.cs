using System.CommandLine;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>One SELECT over files, from the question to its rows.</summary>
internal static class SqlCommand
{
    private const int RowsOnScreen = 50;

    public static Command Create(CommandFactory commands)
    {
        var query = new Argument<string>("query") { Description = "One SELECT over the names of the tables" };
        var tables = new Option<string[]>("--table", "-t")
        {
            Description = "A table of the query: name=path, or a path alone, which is then called source. The default dataset when absent",
            HelpName = "name=path",
        };
        var limit = new Option<int>("--limit") { Description = "Rows to show", DefaultValueFactory = _ => RowsOnScreen };
        return commands.Create("sql", "Run one SELECT over files and show its rows; the second Ctrl-C cancels it", [query, tables, limit], async session =>
        {
            var status = await session.Jobs.SubmitJsonAsync(
                ToJson(session.Parsed.GetValue(query)!, session.Parsed.GetValue(tables) ?? []), cancellationToken: session.Cancellation);
            session.Note($"Job {status.Id}");
            var code = await new JobWatch(session, leavesOutput: true).WaitAsync(status.Id);
            if (code != ExitCodes.Done)
            {
                return code;
            }

            var rows = await session.Jobs.GetResultAsync(status.Id, limit: session.Parsed.GetValue(limit), cancellationToken: session.Cancellation);
            if (session.Json)
            {
                session.WriteJson(rows);
                return ExitCodes.Done;
            }

            JobViews.WriteRows(session.Console, rows, moreWith: $"--limit shows more, `result {status.Id} --out FILE` writes all.");
            return ExitCodes.Done;
        });
    }

    private static string ToJson(string query, string[] tables)
    {
        var job = new JsonObject { ["operation"] = "sql", ["parameters"] = new JsonObject { ["query"] = query } };
        if (tables is [var single] && !single.Contains('=', StringComparison.Ordinal))
        {
            job["source"] = new JsonObject { ["path"] = single };
        }
        else if (tables.Length > 0)
        {
            var sources = new JsonObject();
            foreach (var (name, paths) in tables.Select(JobFlags.Pair).GroupBy(pair => pair.Key, pair => pair.Value).Select(group => (group.Key, group)))
            {
                sources[name] = new JsonObject { ["path"] = new JsonArray([.. paths.Select(path => (JsonNode?)path)]) };
            }

            job["sources"] = sources;
        }

        return job.ToJsonString();
    }
}
