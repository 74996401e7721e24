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
    public static IEnumerable<Command> Create(CommandFactory commands) => [Partition(commands), Explain(commands)];

    private static Command Partition(CommandFactory commands)
    {
        var paths = new Argument<string[]>("path") { Description = "Files or globs; the default dataset when absent", Arity = ArgumentArity.ZeroOrMore };
        var format = new Option<SourceFormat>("--format") { Description = "Format of the files", DefaultValueFactory = _ => SourceFormat.Auto };
        var size = new Option<string?>("--target-bytes") { Description = "Size of a partition, for example 64MB", HelpName = "size" };
        return commands.Create("partition", "Show schema and partitions of a dataset", [paths, format, size], async session =>
        {
            var given = session.Parsed.GetValue(paths) ?? [];
            var source = given.Length == 0 ? null : new SourceSpec { Path = given, Format = session.Parsed.GetValue(format) };
            var preview = await session.Jobs.PartitionAsync(source, Partitioning(session.Parsed.GetValue(size)), session.Cancellation);
            if (session.Json)
            {
                session.WriteJson(preview);
                return ExitCodes.Done;
            }

            PartitionViews.WritePreview(session.Console, preview);
            return ExitCodes.Done;
        });
    }

    private static Command Explain(CommandFactory commands)
    {
        var flags = new JobFlags();
        return commands.Create("explain", "Show the stages that a job would run, or that a job (by its id) runs", flags.Symbols, async session =>
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

    private static async Task<PlanDocument> PlanAsync(Session session, JobFlags flags)
    {
        var json = flags.ToJson(session);
        var word = JsonNode.Parse(json)!["operation"] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : null;
        return JobId.TryParse(word, null, out var id)
            ? await session.Jobs.GetPlanAsync(id, session.Cancellation)
            : await session.Jobs.ValidateJsonAsync(json, session.Cancellation);
    }

    private static PartitioningSpec? Partitioning(string? size)
    {
        if (size is null)
        {
            return null;
        }

        return Quantities.TryParseBytes(size, out var bytes)
            ? new PartitioningSpec { TargetBytes = bytes }
            : throw new UsageException($"'{size}' is not a size. Write 104857600, 100MB or 64MiB.");
    }
}
