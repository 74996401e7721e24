using System.CommandLine;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Commands about jobs.</summary>
internal static class JobCommands
{
    public static IEnumerable<Command> Create(CommandFactory commands) =>
    [
        Submit(commands), SqlCommand.Create(commands), Status(commands), Watch(commands), .. ResultCommand.Create(commands),
        ListJobs(commands),
        Cancel(commands), Retry(commands), Delete(commands), Logs(commands), Partitions(commands), EventsCommand.Create(commands),
        Callbacks(commands), .. InsightCommands.Create(commands),
    ];

    private static Command Submit(CommandFactory commands)
    {
        var flags = new JobFlags();
        var wait = new Option<bool>("--wait") { Description = "Follow the job to its end; the second Ctrl-C cancels it" };
        var key = new Option<string?>("--idempotency-key")
        {
            Description = "Two submits with one key make one job", HelpName = "key",
        };
        return commands.Create("submit", "Submit a job", [.. flags.Symbols, wait, key], async session =>
        {
            var status = await session.Jobs.SubmitJsonAsync(
                flags.ToJson(session), session.Parsed.GetValue(key), session.Cancellation);
            if (session.Parsed.GetValue(wait))
            {
                session.Note($"Job {status.Id}");
                return await new JobWatch(session).WaitAsync(status.Id);
            }

            return session.Show(status, () => session.Console.Text.WriteLine(status.Id));
        });
    }

    private static Command Status(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("status", "Show where a job is", [job], async session =>
        {
            var status = await session.Jobs.GetStatusAsync(await session.JobAsync(job), session.Cancellation);
            session.Show(status, () => JobViews.WriteStatus(session.Console, status));
            return JobWatch.ExitCode(status.Phase);
        });
    }

    private static Command Watch(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create(
            "watch", "Follow a job to its end; Ctrl-C leaves it running", [job],
            async session => await new JobWatch(session).WatchAsync(await session.JobAsync(job)));
    }

    private static Command ListJobs(CommandFactory commands)
    {
        var size = new Option<int>("--limit") { Description = "Jobs to show, 1 to 500", DefaultValueFactory = _ => 20 };
        var phases = new Option<JobPhase[]>("--status") { Description = "Only jobs in this state; may be repeated" };
        var priority = new Option<JobPriority?>("--priority") { Description = "Only jobs of this priority" };
        var operation = new Option<OperationKind?>("--operation") { Description = "Only jobs of this operation" };
        var labels = new Option<string[]>("--label") { Description = "Only jobs with this label", HelpName = "key=value" };
        var after = new Option<DateTimeOffset?>("--created-after")
        {
            Description = "Only jobs made at or after", HelpName = "time",
        };
        var before = new Option<DateTimeOffset?>("--created-before") { Description = "Only jobs made before", HelpName = "time" };
        var token = CommandFactory.PageToken();
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print ids alone, one a line" };
        return commands.Create(
            "list", "List jobs, newest first", [size, phases, priority, operation, labels, after, before, token, quiet],
            async session =>
        {
            var page = await session.Jobs.ListAsync(
                new JobFilter
                {
                    PageSize = session.Parsed.GetValue(size),
                    PageToken = session.Parsed.GetValue(token),
                    Phases = session.Parsed.GetValue(phases) ?? [],
                    Priority = session.Parsed.GetValue(priority),
                    Operation = session.Parsed.GetValue(operation),
                    Labels = (session.Parsed.GetValue(labels) ?? []).Select(label => JobFlags.Pair(label, labels.Name))
                        .GroupBy(pair => pair.Key).ToDictionary(label => label.Key, label => label.Last().Value),
                    CreatedAfter = session.Parsed.GetValue(after),
                    CreatedBefore = session.Parsed.GetValue(before),
                },
                session.Cancellation);
            if (session.Parsed.GetValue(quiet) && !session.Json)
            {
                page.Items.ToList().ForEach(job => session.Console.Text.WriteLine(job.Id));
                return ExitCodes.Done;
            }

            session.Show(page, () => JobViews.WriteJobs(session.Console, page.Items));
            if (!session.Json && page.NextPageToken is { } next)
            {
                session.Note($"More with: --page-token {next}");
            }

            return ExitCodes.Done;
        });
    }

    private static Command Cancel(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("cancel", "Stop a job, and wait until nothing of it runs", [job], async session =>
        {
            var id = await session.JobAsync(job);
            await session.Jobs.CancelAsync(id, session.Cancellation);
            var status = await session.Jobs.WaitAsync(id, session.Cancellation);
            session.Show(status, () => JobViews.WriteEnd(session.Console, status));
            return status.Phase == JobPhase.Cancelled ? ExitCodes.Done : JobWatch.ExitCode(status.Phase);
        });
    }

    private static Command Retry(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create(
            "retry", "Run a failed job on from what it has committed, or a cancelled one from its start", [job], async session =>
        {
            var status = await session.Jobs.RetryAsync(await session.JobAsync(job), session.Cancellation);
            return session.Show(status, () => session.Console.Text.WriteLine(status.Id));
        });
    }

    private static Command Delete(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("delete", "Remove an ended job with its result", [job], async session =>
        {
            await session.Jobs.DeleteAsync(await session.JobAsync(job), session.Cancellation);
            return ExitCodes.Done;
        });
    }

    private static Command Logs(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("logs", "Show what was logged for a job", [job], async session =>
        {
            var log = await session.Jobs.GetLogAsync(await session.JobAsync(job), session.Cancellation);
            return session.Show(log, () => JobViews.WriteLog(session.Console, log));
        });
    }

    private static Command Partitions(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var size = new Option<int>("--limit") { Description = "Partitions to show, 1 to 500", DefaultValueFactory = _ => 100 };
        var token = CommandFactory.PageToken();
        var summary = new Option<bool>("--summary") { Description = "Count the partitions of each stage by their state" };
        return commands.Create(
            "partitions", "Show a job's partitions and their attempts", [job, size, token, summary], async session =>
        {
            if (session.Parsed.GetValue(summary))
            {
                var counts = await session.Connection.Insight.SummarizePartitionsAsync(
                    await session.JobAsync(job), session.Cancellation);
                return session.Show(counts, () => InsightViews.WriteSummary(session.Console, counts));
            }

            var page = await session.Jobs.ListPartitionsAsync(
                await session.JobAsync(job), session.Parsed.GetValue(size), session.Parsed.GetValue(token), session.Cancellation);
            return session.Show(page, () => PartitionViews.WriteTasks(session.Console, page));
        });
    }

    private static Command Callbacks(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("callbacks", "Show the deliveries of a job's callbacks", [job], async session =>
        {
            var deliveries = await session.Jobs.ListCallbacksAsync(await session.JobAsync(job), session.Cancellation);
            return session.Show(deliveries, () => JobViews.WriteCallbacks(session.Console, deliveries));
        });
    }
}
