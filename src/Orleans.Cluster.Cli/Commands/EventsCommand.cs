using System.CommandLine;
using System.Text.Json;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>A job's events as they happen, a line for each.</summary>
internal static class EventsCommand
{
    /// <summary>What goes on of a line is told from the next event by its indent.</summary>
    private const int Hang = 4;

    public static Command Create(CommandFactory commands)
    {
        var job = new Argument<string?>("job")
        {
            Description =
                "Id of the job, its first characters, or @last; the whole cluster when absent", Arity = ArgumentArity.ZeroOrOne,
        };
        var after = new Option<string?>("--after") { Description = "Id of the last event that you have seen", HelpName = "id" };
        return commands.Create(
            "events", "Print a job's events until it has ended, or the cluster's until Ctrl-C; --json has the documents",
            [job, after], async session =>
        {
            var told = session.Parsed.GetValue(after);
            var events = session.Parsed.GetValue(job) is { } one
                ? session.Connection.ReadEventsAsync(await session.JobAsync(one), told, session.Cancellation)
                : session.Connection.ReadClusterEventsAsync(told, session.Cancellation);
            await foreach (var item in events)
            {
                if (session.Json)
                {
                    session.Console.Text.WriteLine(JsonLine(item));
                }
                else
                {
                    session.Console.Prose.WriteLine(Line(item), Hang);
                }
            }

            return ExitCodes.Done;
        });
    }

    private static string JsonLine(JobEvent item)
    {
        using var data = JsonDocument.Parse(item.Data);
        return JsonSerializer.Serialize(new { item.Id, Event = item.Name, Data = data.RootElement }, WireJson.Options);
    }

    private static string Line(JobEvent item) => item.Name switch
    {
        "phase" when Read<JobPhaseEvent>(item) is { } change =>
            ($"{item.Id,-10} {change.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} phase  "
                + $"{JobFollower.WireWord(change.Status)} {change.Detail}").TrimEnd(),
        "status" when Read<JobStatus>(item) is { } status => $"{item.Id,-10} {"",24} status {Progress(status)}",
        "job" when Read<JobStatus>(item) is { } status =>
            $"{item.Id} job {status.Id} {JobFollower.WireWord(status.Phase)} {Progress(status)}",
        "worker" when Read<WorkerStatus>(item) is { } worker =>
            $"{item.Id} worker {worker.Id.Value} {JobFollower.WireWord(worker.State)} {worker.Busy}/{worker.Slots} slots busy",
        "decision" when Read<ScalingDecision>(item) is { } decision =>
            $"{item.Id} decision {decision.From} -> {decision.To}: {decision.Reason}",
        _ => $"{item.Id,-10} {item.Name} {item.Data}",
    };

    private static string Progress(JobStatus status) =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{status.Progress.Fraction:P1} {JobFollower.Detail(status, null)}");

    private static T? Read<T>(JobEvent item) => JsonSerializer.Deserialize<T>(item.Data, WireJson.Options);
}
