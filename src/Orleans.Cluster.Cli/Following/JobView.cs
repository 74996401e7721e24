using System.Globalization;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

/// <summary>
/// One job on a terminal: how far it is as a whole and stage by stage, how fast, how long it still takes, and why it waits.
/// </summary>
internal sealed class JobView(TimeProvider time)
{
    private const int WholeWidth = 40;
    private const int StageWidth = 20;
    private const int MaxStages = 12;

    private readonly ThroughputMeter meter = new(time);
    private JobStatus? last;
    private (double Rows, double Bytes)? rates;

    /// <summary>A line below it all.</summary>
    public string? Notice { get; set; }

    public void Take(JobStatus status)
    {
        last = status;
        rates = meter.Add(status.Progress);
    }

    public IRenderable Render()
    {
        if (last is not { } job)
        {
            return new Text("...");
        }

        var lines = new List<IRenderable> { Headline(job), Whole(job.Progress), new Text(Pace(job)) };
        if (job.Progress.Stages.Count > 0)
        {
            lines.Add(Stages(job.Progress.Stages));
        }

        if (job.Reason is { Code: not ReasonCode.Running } reason)
        {
            var detail = Markup.Escape(ToolWords.Of(reason.Detail, job.Id.Value));
            lines.Add(new Markup($"[yellow]{JobFollower.WireWord(reason.Code)}[/]: {detail}"));
        }

        if (Notice is { } notice)
        {
            lines.Add(new Markup($"[bold]{Markup.Escape(notice)}[/]"));
        }

        return new Rows(lines);
    }

    private Markup Headline(JobStatus job)
    {
        var took = (job.FinishedAt ?? time.GetUtcNow()) - job.CreatedAt;
        return new Markup(
            $"[bold]{job.Id}[/] {job.Operation.ToString().ToLowerInvariant()}"
            + $"{(job.Name is { } name ? $" \"{Markup.Escape(name)}\"" : "")}  "
            + $"[{Colour(job.Phase)}]{JobFollower.WireWord(job.Phase)}[/]  {JobFollower.WireWord(job.Priority)}  "
            + Quantities.Duration(took > TimeSpan.Zero ? took : TimeSpan.Zero));
    }

    private static Markup Whole(JobProgress progress)
    {
        var bytes = progress.BytesTotal > 0
            ? $"  {Quantities.Bytes(progress.BytesDone)} of {Quantities.Bytes(progress.BytesTotal)}" : "";
        return new Markup(
            $"{Bar(progress.Fraction, WholeWidth)} {progress.Fraction.ToString("P1", CultureInfo.InvariantCulture)}{bytes}");
    }

    private string Pace(JobStatus job)
    {
        var partitions = job.Progress.Partitions;
        var parts = new List<string> { $"{partitions.Running} running, {partitions.Waiting} waiting" };
        if (partitions.Retried > 0)
        {
            parts.Add($"{partitions.Retried} retried");
        }

        if (job.Phase == JobPhase.Running && rates is { Rows: >= 1 } or { Bytes: >= 1 })
        {
            parts.Add($"{Quantities.Count(rates.Value.Rows)} rows/s, {Quantities.Bytes(rates.Value.Bytes)}/s");
        }

        if (job.Eta is { } eta)
        {
            parts.Add($"{Quantities.Duration(TimeSpan.FromSeconds(eta.Seconds))} left, at most "
                + $"{Quantities.Duration(TimeSpan.FromSeconds(eta.SecondsHigh))}");
        }

        if (job.QuarantinedRows > 0)
        {
            parts.Add($"{job.QuarantinedRows} rows quarantined");
        }

        return string.Join(" · ", parts);
    }

    private static Grid Stages(IReadOnlyList<StageProgress> stages)
    {
        var grid = new Grid().AddColumns(4);
        // Of a very long plan those around the work; the first ones are done, the last ones have not begun.
        var first = stages.TakeWhile(stage => stage.Completed >= stage.Total && stage.Total > 0).Count();
        var from = Math.Max(0, Math.Min(first - 2, stages.Count - MaxStages));
        foreach (var stage in stages.Skip(from).Take(MaxStages))
        {
            grid.AddRow(
                new Text($"{stage.Index}"), new Text(stage.Name),
                new Markup(Bar(stage.Total == 0 ? 0 : (double)stage.Completed / stage.Total, StageWidth)),
                new Text(stage.Total == 0 ? "" : $"{stage.Completed}/{stage.Total}"));
        }

        return grid;
    }

    private static string Bar(double fraction, int width)
    {
        var full = (int)Math.Round(Math.Clamp(fraction, 0, 1) * width);
        return $"[green]{new string('━', full)}[/][grey]{new string('─', width - full)}[/]";
    }

    private static string Colour(JobPhase phase) => phase switch
    {
        JobPhase.Succeeded => "green",
        JobPhase.Failed => "red",
        JobPhase.Cancelled or JobPhase.Cancelling => "yellow",
        _ => "blue",
    };
}
