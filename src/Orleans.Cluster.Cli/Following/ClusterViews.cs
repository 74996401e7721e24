using System.Globalization;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

/// <summary>The cluster and its queue as people read them.</summary>
internal static class ClusterViews
{
    public static void WriteStatus(CliConsole console, ClusterStatus status)
    {
        console.Prose.WriteLine(Headline(status));
        if (status.Workers.Count > 0)
        {
            console.Out.Write(Workers(status));
        }

        if (status.LastScalingDecision is { } decision)
        {
            console.Prose.WriteLine(
                $"Last scaled {JobViews.Time(decision.At)}: {decision.From} -> {decision.To}, {decision.Reason}");
        }
    }

    public static void WriteQueue(CliConsole console, QueueStatus queue)
    {
        console.Prose.WriteLine(Slots(queue));
        if (queue.Waiting.Count == 0)
        {
            return;
        }

        console.Out.Write(Waiting(queue));
        var (shown, all) = (queue.Waiting.Count, queue.Priorities.Sum(level => level.Jobs));
        if (shown < all)
        {
            console.Prose.WriteLine($"The first {shown} of {all} waiting jobs are shown.");
        }
    }

    public static void WriteDecisions(CliConsole console, IReadOnlyList<ScalingDecision> decisions)
    {
        var table = JobViews.Table(new("Time", IsWhole: true), "From", "To", "Reason");
        foreach (var decision in decisions)
        {
            table.AddRow(JobViews.Cells(JobViews.Time(decision.At), $"{decision.From}", $"{decision.To}", decision.Reason));
        }

        console.Out.Write(table);
    }

    public static IRenderable Both(ClusterStatus status, QueueStatus queue)
    {
        var parts = new List<IRenderable> { new Text(Headline(status)) };
        if (status.Workers.Count > 0)
        {
            parts.Add(Workers(status));
        }

        parts.Add(new Text(Slots(queue)));
        if (queue.Waiting.Count > 0)
        {
            parts.Add(Waiting(queue));
        }

        return new Rows(parts);
    }

    private static string Headline(ClusterStatus status)
    {
        var bounds = status.Autoscaling is { } auto ? $", autoscaling {auto.MinWorkers} to {auto.MaxWorkers}" : "";
        var detail = status.Detail is { Length: > 0 } text ? $": {ToolWords.Of(text)}" : "";
        return $"{JobFollower.WireWord(status.State)}, {status.ActiveWorkers} of {status.DesiredWorkers} workers{bounds}{detail}";
    }

    private static string Slots(QueueStatus queue)
    {
        var backlog = queue.Priorities.Where(level => level.Jobs > 0)
            .Select(level =>
                $"{level.Jobs} {JobFollower.WireWord(level.Priority)} ("
                + $"{Quantities.Duration(TimeSpan.FromSeconds(level.OldestWaitSeconds))})").ToList();
        var waiting = backlog.Count == 0 ? "Nothing waits." : $"Waiting: {string.Join(", ", backlog)}";
        return $"{queue.BusySlots} of {queue.TotalSlots} slots busy. {waiting}";
    }

    private static TextTable Workers(ClusterStatus status)
    {
        var table = JobViews.Table(
            new("Worker", IsWhole: true), "State", "Busy", "CPU", "Memory used", "Granted", "Offered", "Machine", "Process");
        foreach (var worker in status.Workers)
        {
            table.AddRow(JobViews.Cells(
                worker.Id.Value, JobFollower.WireWord(worker.State) + (worker.Reason is { } reason ? $" ({reason})" : ""),
                $"{worker.Busy}/{worker.Slots}", worker.Cpu.ToString("0.00", CultureInfo.InvariantCulture),
                Quantities.Bytes(worker.Memory.UsedBytes), Quantities.Bytes(worker.Memory.GrantedBytes),
                Quantities.Bytes(worker.Memory.OfferedBytes), worker.Machine, $"{worker.ProcessId}"));
        }

        return table;
    }

    private static TextTable Waiting(QueueStatus queue)
    {
        var table = JobViews.Table("Position", new("Job", IsWhole: true), new("Priority", 3), new("Reason", 2), new("Since", 4));
        foreach (var job in queue.Waiting)
        {
            table.AddRow(JobViews.Cells(
                $"{job.Position}", job.Id.Value, JobFollower.WireWord(job.Priority),
                $"{JobFollower.WireWord(job.Reason.Code)}: {ToolWords.Of(job.Reason.Detail, job.Id.Value)}",
                JobViews.Time(job.CreatedAt)));
        }

        return table;
    }
}
