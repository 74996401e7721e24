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
    public static Command Create(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var after = new Option<string?>("--after") { Description = "Id of the last event that you have seen", HelpName = "id" };
        return commands.Create("events", "Print a job's events until it has ended; --json has the whole documents", [job, after], async session =>
        {
            var told = session.Parsed.GetValue(after);
            await foreach (var item in session.Connection.ReadEventsAsync(await session.JobAsync(job), told, session.Cancellation))
            {
                session.Console.Text.WriteLine(session.Json ? JsonLine(item) : Line(item));
            }

            return ExitCodes.Done;
        });
    }

    private static string JsonLine(JobEvent item)
    {
        using var data = JsonDocument.Parse(item.Data);
        return JsonSerializer.Serialize(new { item.Id, Event = item.Name, Data = data.RootElement }, WireJson.Options);
    }

    private static string Line(JobEvent item) => item.Name == "phase" && Read<JobPhaseEvent>(item) is { } change
        ? $"{item.Id,-10} {change.At.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} phase  {JobFollower.WireWord(change.Status)} {change.Detail}".TrimEnd()
        : item.Name == "status" && Read<JobStatus>(item) is { } status
            ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{item.Id,-10} {"",24} status {status.Progress.Fraction:P1} {JobFollower.Detail(status, null)}")
            : $"{item.Id,-10} {item.Name} {item.Data}";

    private static T? Read<T>(JobEvent item) => JsonSerializer.Deserialize<T>(item.Data, WireJson.Options);
}
