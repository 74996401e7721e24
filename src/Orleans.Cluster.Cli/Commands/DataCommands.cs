using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>What a job would do, without doing it.</summary>
internal static class DataCommands
{
    private const int HeadRows = 10;

    public static IEnumerable<Command> Create(CommandFactory commands) =>
        [Head(commands), Schema(commands), Partition(commands), Explain(commands)];

    private static Command Head(CommandFactory commands)
    {
        var paths = Paths(ArgumentArity.OneOrMore);
        var rows = new Option<int>("--rows", "-n")
        {
            Description = "Rows to show, 1 to 1000", DefaultValueFactory = _ => HeadRows,
        };
        var source = new SourceFlags();
        return commands.Create(
            "head", "Show the first rows of files, as a job would read them", [paths, rows, .. source.Symbols], async session =>
        {
            var wanted = new PreviewRequest(
                ReadSource(session, source, session.Parsed.GetValue(paths) ?? []), session.Parsed.GetValue(rows));
            var found = await session.Connection.Insight.PreviewAsync(wanted, session.Cancellation);
            return session.Show(found, () =>
            {
                JobViews.WriteRows(session.Console, new ResultRows(found.Columns, found.Rows, found.Rows.Count));
                PartitionViews.WriteWarnings(session.Console, found.Warnings);
            });
        });
    }

    private static Command Schema(CommandFactory commands)
    {
        var paths = Paths(ArgumentArity.ZeroOrMore);
        var source = new SourceFlags();
        return commands.Create(
            "schema", "Show the columns of files and what was found about them", [paths, .. source.Symbols], async session =>
        {
            var preview = await PreviewAsync(session, source, session.Parsed.GetValue(paths) ?? [], null);
            return session.Show(preview, () => PartitionViews.WriteSchema(session.Console, preview));
        });
    }

    private static Command Partition(CommandFactory commands)
    {
        var paths = Paths(ArgumentArity.ZeroOrMore);
        var size = new Option<string?>("--target-bytes")
        {
            Description = "Size of a partition, for example 64MB", HelpName = "size",
        };
        var source = new SourceFlags();
        return commands.Create(
            "partition", "Show schema and partitions of a dataset", [paths, size, .. source.Symbols], async session =>
        {
            var preview = await PreviewAsync(session, source, session.Parsed.GetValue(paths)
                ?? [], Partitioning(session.Parsed.GetValue(size), size.Name));
            return session.Show(preview, () => PartitionViews.WritePreview(session.Console, preview));
        });
    }

    private static Command Explain(CommandFactory commands)
    {
        var flags = new JobFlags();
        return commands.Create(
            "explain", "Show the stages that a job would run, or that a job (by its id) runs", flags.Symbols, async session =>
        {
            var plan = await PlanAsync(session, flags);
            if (session.Json)
            {
                session.WriteJson(plan);
                return ExitCodes.Done;
            }

            PartitionViews.WritePlan(session.Console, plan);
            return ExitCodes.Done;
        });
    }

    private static Argument<string[]> Paths(ArgumentArity arity) => new("path")
    {
        Description = arity.MinimumNumberOfValues > 0
            ? "Files or globs"
            : "Files or globs; the default dataset when absent", Arity = arity,
    };

    private static async Task<DatasetPreview> PreviewAsync(
        Session session, SourceFlags source, string[] paths, PartitioningSpec? partitioning)
    {
        return await session.Jobs.PartitionAsync(ReadSource(session, source, paths), partitioning, session.Cancellation);
    }

    private static SourceSpec? ReadSource(Session session, SourceFlags source, string[] paths)
    {
        var request = new JsonObject();
        source.Apply(request, session.Parsed, paths);
        return request.ContainsKey("sources")
            ? throw new UsageException("This command looks at one dataset: give its paths without names.")
            : request["source"]?.Deserialize<SourceSpec>(WireJson.Options);
    }

    private static async Task<PlanDocument> PlanAsync(Session session, JobFlags flags)
    {
        var json = flags.ToJson(session);
        var word = JsonNode.Parse(json)!["operation"] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : null;
        return JobReference.IsOne(word)
            ? await session.Jobs.GetPlanAsync(await session.JobAsync(word!), session.Cancellation)
            : await session.Jobs.ValidateJsonAsync(json, session.Cancellation);
    }

    private static PartitioningSpec? Partitioning(string? size, string option) =>
        size is null ? null : new PartitioningSpec { TargetBytes = JobFlags.Size(size, option) };
}
