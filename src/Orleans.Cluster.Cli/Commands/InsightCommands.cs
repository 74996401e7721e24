using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Why a job is as slow as it is, what it was asked, and the same again.</summary>
internal static class InsightCommands
{
    public static IEnumerable<Command> Create(CommandFactory commands) =>
        [Story(commands), Profile(commands), Timeline(commands), Spec(commands), Resubmit(commands), Browse(commands)];

    private static Command Story(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("story", "Say in words where a job's time went, and what to change", [job], async session =>
        {
            var story = await session.Connection.Insight.GetStoryAsync(await session.JobAsync(job), session.Cancellation);
            return session.Show(story, () => InsightViews.WriteStory(session.Console, story));
        });
    }

    private static Command Profile(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create(
            "profile", "Show the engine's operators of each stage, with their time and rows", [job], async session =>
        {
            var profile = await session.Connection.Insight.GetProfileAsync(await session.JobAsync(job), session.Cancellation);
            return session.Show(profile, () => InsightViews.WriteProfile(session.Console, profile));
        });
    }

    private static Command Timeline(CommandFactory commands)
    {
        var job = new Argument<string?>("job")
        {
            Description = "A job; all jobs of the last quarter of an hour when absent", Arity = ArgumentArity.ZeroOrOne,
        };
        var from = new Option<DateTimeOffset?>("--from") { Description = "Without a job: begin of the span", HelpName = "time" };
        var to = new Option<DateTimeOffset?>("--to")
        {
            Description = "Without a job: end of the span; now when absent", HelpName = "time",
        };
        return commands.Create("timeline", "Draw which slot ran what, and when", [job, from, to], async session =>
        {
            var insight = session.Connection.Insight;
            var timeline = session.Parsed.GetValue(job) is { } one
                ? await insight.GetTimelineAsync(await session.JobAsync(one), session.Cancellation)
                : await insight.GetClusterTimelineAsync(
                    session.Parsed.GetValue(from), session.Parsed.GetValue(to), session.Cancellation);
            return session.Show(timeline, () => InsightViews.WriteTimeline(session.Console, timeline));
        });
    }

    private static Command Spec(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        return commands.Create("spec", "Print a job as it was submitted, for `submit --file`", [job], async session =>
        {
            session.WriteJson(await SpecAsync(session, await session.JobAsync(job)));
            return ExitCodes.Done;
        });
    }

    private static Command Resubmit(CommandFactory commands)
    {
        var job = CommandFactory.JobArgument();
        var flags = new JobFlags();
        var wait = new Option<bool>("--wait") { Description = "Follow the job to its end; the second Ctrl-C cancels it" };
        IEnumerable<Symbol> symbols = [job, wait, .. flags.Changes];
        return commands.Create("resubmit", "Submit a job again as a new one; flags change it", symbols, async session =>
        {
            var spec = await SpecAsync(session, await session.JobAsync(job));
            if (spec.Remove("callback", out var callback))
            {
                session.Note(
                    $"The new job calls nobody back: the secret for {callback?["url"]} cannot be read again. Give it with "
                    + "`submit --file`.");
            }

            var status = await session.Jobs.SubmitJsonAsync(
                flags.LayOver(spec, session.Parsed), cancellationToken: session.Cancellation);
            if (session.Parsed.GetValue(wait))
            {
                session.Note($"Job {status.Id}");
                return await new JobWatch(session).WaitAsync(status.Id);
            }

            return session.Show(status, () => session.Console.Text.WriteLine(status.Id));
        });
    }

    private static Command Browse(CommandFactory commands)
    {
        var path = new Argument<string?>("path")
        {
            Description = "A folder below the data roots; the roots when absent", Arity = ArgumentArity.ZeroOrOne,
        };
        var token = CommandFactory.PageToken();
        return commands.Create("browse", "List folders and files that jobs can read", [path, token], async session =>
        {
            var page = await session.Connection.Insight.BrowseAsync(
                session.Parsed.GetValue(path), session.Parsed.GetValue(token), session.Cancellation);
            return session.Show(page, () => InsightViews.WriteFolder(session.Console, page));
        });
    }

    private static async Task<JsonObject> SpecAsync(Session session, JobId job)
    {
        var document = await session.Connection.Insight.GetJobAsync(job, session.Cancellation);
        return JsonObject.Create(document.GetProperty("spec"))!;
    }
}
