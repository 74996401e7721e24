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
        var query = new Argument<string>("query")
        {
            Description = "One SELECT over the inputs; without one over `source`, the default dataset",
        };
        var limit = new Option<int>("--limit") { Description = "Rows to show", DefaultValueFactory = _ => RowsOnScreen };
        var flags = new JobFlags();
        IEnumerable<Symbol> symbols = [query, .. flags.Source.Symbols, limit, .. flags.Settings];
        return commands.Create(
            "sql", "Run one SELECT over files and show its rows; the second Ctrl-C cancels it", symbols, async session =>
        {
            var job = new JsonObject
            {
                ["operation"] = "sql", ["parameters"] = new JsonObject { ["query"] = session.Parsed.GetValue(query) },
            };
            flags.Source.Apply(job, session.Parsed, []);
            flags.ApplySettings(job, session.Parsed);
            if (job.ContainsKey("output") && session.Parsed.GetResult(limit) is { Implicit: false })
            {
                throw new UsageException(
                    "--limit is of the rows that are shown, and with --output they are written and not shown. Write LIMIT in the "
                    + "query.");
            }

            return await RunAsync(session, job, session.Parsed.GetValue(limit));
        });
    }

    /// <summary>Runs a job and shows its rows, or where it wrote them.</summary>
    public static async Task<int> RunAsync(Session session, JsonObject job, int limit, RowsForm? form = null)
    {
        var status = await session.Jobs.SubmitJsonAsync(job.ToJsonString(), cancellationToken: session.Cancellation);
        session.Note($"Job {status.Id}");
        var watch = new JobWatch(session, leavesOutput: true);
        var code = form is { CancelsAtOnce: true } ? await watch.WaitOrCancelAsync(status.Id) : await watch.WaitAsync(status.Id);
        if (code != ExitCodes.Done)
        {
            return code;
        }

        if (job.ContainsKey("output"))
        {
            var ended = await session.Jobs.GetStatusAsync(status.Id, session.Cancellation);
            return session.Show(
                ended, () => ended.Result?.Files.ToList()
                .ForEach(file => session.Console.Text.WriteLine($"{file.Path}  {Quantities.Of(file.Rows, "row")}")));
        }

        var rows = await session.Jobs.GetResultAsync(status.Id, limit: limit, cancellationToken: session.Cancellation);
        return session.Show(
            rows, () => JobViews.WriteRows(
                session.Console, rows, $"--limit shows more, `result {status.Id} --out FILE` writes all.",
                form is { IsVertical: true }));
    }
}

/// <summary>How rows are shown and waited for.</summary>
/// <param name="IsVertical">Each row as lines of name and value, however wide the terminal is.</param>
/// <param name="CancelsAtOnce">The first Ctrl-C cancels the job.</param>
internal sealed record RowsForm(bool IsVertical, bool CancelsAtOnce);
