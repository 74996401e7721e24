using System.CommandLine;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>Commands about the cluster itself.</summary>
internal static class ClusterCommands
{
    public static IEnumerable<Command> Create(CommandFactory commands) =>
    [
        CommandFactory.Group(
            "cluster", "Look at the cluster and change its size", Status(commands), Start(commands), Stop(commands),
            Scale(commands),
            Drain(commands), Decisions(commands)),
        Queue(commands), Resources(commands), Recommendations(commands), Metrics(commands), Health(commands), Top(commands),
    ];

    private static Command Status(CommandFactory commands) =>
        commands.Create("status", "Show the state of the cluster and its workers", [], async session =>
            Show(session, await session.Cluster.GetStatusAsync(session.Cancellation)));

    private static Command Start(CommandFactory commands)
    {
        var workers = new Option<int?>("--workers") { Description = "1 to 32" };
        var slots = new Option<int?>("--slots") { Description = "Partitions that one worker runs at a time" };
        return commands.Create("start", "Start workers", [workers, slots], async session => Show(
            session,
            await session.Cluster.StartAsync(
                new ClusterStart(session.Parsed.GetValue(workers), session.Parsed.GetValue(slots)), session.Cancellation)));
    }

    private static Command Stop(CommandFactory commands)
    {
        var now = new Option<bool>("--now") { Description = "Do not let running attempts finish" };
        return commands.Create("stop", "Stop all workers; jobs stay resumable", [now], async session => Show(
            session,
            await session.Cluster.StopAsync(session.Parsed.GetValue(now) ? StopMode.Now : StopMode.Drain, session.Cancellation)));
    }

    private static Command Scale(CommandFactory commands)
    {
        var workers = new Option<int?>("--workers") { Description = "A fixed number, 1 to 32" };
        var least = new Option<int?>("--min") { Description = "With --max: let the autoscaler choose" };
        var most = new Option<int?>("--max") { Description = "With --min: let the autoscaler choose" };
        return commands.Create("scale", "Change the number of workers", [workers, least, most], async session => Show(
            session,
            await session.Cluster.ScaleAsync(
                new ClusterScale(session.Parsed.GetValue(workers), session.Parsed.GetValue(least), session.Parsed.GetValue(most)),
                session.Cancellation)));
    }

    private static Command Drain(CommandFactory commands)
    {
        var worker = new Argument<string>("worker") { Description = "Id of the worker, as `cluster status` shows it" };
        return commands.Create(
            "drain", "Let one worker take nothing new, and leave when it is idle", [worker], async session => Show(
            session, await session.Connection.Insight.DrainWorkerAsync(session.Parsed.GetValue(worker)!, session.Cancellation)));
    }

    private static Command Queue(CommandFactory commands) =>
        commands.Create("queue", "Show what waits, and why", [], async session =>
        {
            var queue = await session.Cluster.GetQueueAsync(session.Cancellation);
            if (session.Json)
            {
                session.WriteJson(queue);
                return ExitCodes.Done;
            }

            ClusterViews.WriteQueue(session.Console, queue);
            return ExitCodes.Done;
        });

    private static Command Resources(CommandFactory commands)
    {
        var advise = new Option<bool>("--advise") { Description = "What to change, from what was measured" };
        return commands.Create("resources", "Show what is offered, handed out and used", [advise], async session =>
        {
            if (session.Parsed.GetValue(advise))
            {
                return await ShowAdviceAsync(session);
            }

            var resources = await session.Cluster.GetResourcesAsync(session.Cancellation);
            return session.Show(resources, () => ResourceViews.WriteResources(session.Console, resources));
        });
    }

    private static Command Recommendations(CommandFactory commands) =>
        commands.Create("recommendations", "Show what to change, from what was measured", [], ShowAdviceAsync);

    private static async Task<int> ShowAdviceAsync(Session session)
    {
        var advice = await session.Cluster.GetRecommendationsAsync(session.Cancellation);
        return session.Show(advice, () => ResourceViews.WriteAdvice(session.Console, advice));
    }

    private static Command Decisions(CommandFactory commands) =>
        commands.Create("decisions", "Show when and why the size of the cluster was changed", [], async session =>
        {
            var decisions = await session.Cluster.ListDecisionsAsync(session.Cancellation);
            return session.Show(decisions, () => ClusterViews.WriteDecisions(session.Console, decisions));
        });

    private static Command Metrics(CommandFactory commands)
    {
        var since = new Option<DateTimeOffset?>("--since")
        {
            Description = "Begin of the span; an hour ago when absent", HelpName = "time",
        };
        var step = new Option<double?>("--step")
        {
            Description = "Seconds of one window; a fitting number when absent", HelpName = "seconds",
        };
        return commands.Create(
            "metrics", "Show figures of the cluster, now and over a span of time", [since, step], async session =>
        {
            var metrics = await session.Cluster.GetMetricsAsync(
                session.Parsed.GetValue(since), session.Parsed.GetValue(step) is { } seconds
                ? TimeSpan.FromSeconds(seconds)
                : null, session.Cancellation);
            return session.Show(metrics, () => FigureViews.WriteMetrics(session.Console, metrics));
        });
    }

    private static Command Health(CommandFactory commands)
    {
        var ready = new Option<bool>("--ready")
        {
            Description = "Print nothing; end with 0 when jobs are accepted and the wanted workers are there, else with 1",
        };
        return commands.Create(
            "health", "Show whether storage, membership and queue answer; `doctor` says what to do", [ready], async session =>
        {
            if (session.Parsed.GetValue(ready))
            {
                return await session.Cluster.IsReadyAsync(session.Cancellation) ? ExitCodes.Done : ExitCodes.Failed;
            }

            var health = await session.Cluster.GetHealthAsync(session.Cancellation);
            session.Show(health, () => FigureViews.WriteHealth(session.Console, health));
            return health.GetProperty("status").GetString() == "HEALTHY" ? ExitCodes.Done : ExitCodes.Failed;
        });
    }

    private static Command Top(CommandFactory commands)
    {
        var top = commands.Create(
            "top", "Watch workers and queue until Ctrl-C", [], session => new ClusterWatch(session).RunAsync());
        top.Aliases.Add("workers");
        return top;
    }

    private static int Show(Session session, ClusterStatus status)
    {
        if (session.Json)
        {
            session.WriteJson(status);
            return ExitCodes.Done;
        }

        ClusterViews.WriteStatus(session.Console, status);
        return ExitCodes.Done;
    }
}
