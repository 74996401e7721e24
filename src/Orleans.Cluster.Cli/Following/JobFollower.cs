using System.Globalization;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>
/// Shows status documents as they come: a picture that is redrawn on a terminal, else a line when something has changed.
/// </summary>
internal sealed class JobFollower(CliConsole console, TimeProvider time)
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(500);

    private readonly JobView view = new(time);

    /// <summary>Follows to the end.</summary>
    /// <returns>The last document seen.</returns>
    public async Task<JobStatus> FollowAsync(IAsyncEnumerable<JobStatus> statuses) =>
        console.IsLive ? await FollowLiveAsync(statuses) : await FollowByLinesAsync(statuses);

    /// <summary>Says something without spoiling the picture.</summary>
    public void Say(string text)
    {
        if (console.IsLive)
        {
            view.Notice = text;
        }
        else
        {
            console.NotesText.WriteLine(text);
        }
    }

    private Task<JobStatus> FollowLiveAsync(IAsyncEnumerable<JobStatus> statuses) =>
        console.Notes.Live(view.Render()).StartAsync(async display =>
        {
            using var end = new CancellationTokenSource();
            // Time passes on the picture even while the job only waits.
            var clock = RedrawAsync(display, end.Token);
            try
            {
                var last = (JobStatus?)null;
                await foreach (var status in statuses)
                {
                    view.Take(last = status);
                    display.UpdateTarget(view.Render());
                }

                return last ?? throw new InvalidOperationException("A watch gives at least one document.");
            }
            finally
            {
                await end.CancelAsync();
                await clock;
                view.Notice = null;
                display.UpdateTarget(view.Render());
            }
        });

    private async Task RedrawAsync(LiveDisplayContext display, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(RedrawInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                display.UpdateTarget(view.Render());
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The job has ended, or the user leaves.
        }
    }

    private async Task<JobStatus> FollowByLinesAsync(IAsyncEnumerable<JobStatus> statuses)
    {
        var meter = new ThroughputMeter(time);
        var shown = (Status: (JobStatus?)null, At: 0L);
        var last = (JobStatus?)null;
        await foreach (var status in statuses)
        {
            last = status;
            var rates = meter.Add(status.Progress);
            if (shown.Status?.Phase != status.Phase || time.GetElapsedTime(shown.At) >= LineInterval)
            {
                shown = (status, time.GetTimestamp());
                console.NotesText.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{WireWord(status.Phase)} {status.Progress.Fraction:P1} {Detail(status, rates)}"));
            }
        }

        return last ?? throw new InvalidOperationException("A watch gives at least one document.");
    }

    /// <summary>Partitions done, rate, time left, and the reason while nothing runs.</summary>
    internal static string Detail(JobStatus status, (double Rows, double Bytes)? rates)
    {
        var partitions = status.Progress.Partitions;
        var parts = new List<string> { $"{partitions.Completed}/{partitions.Total} partitions" };
        if (status.Phase == JobPhase.Running && rates is { Rows: > 0 } or { Bytes: > 0 })
        {
            parts.Add($"{Quantities.Count(rates.Value.Rows)} rows/s, {Quantities.Bytes(rates.Value.Bytes)}/s");
        }

        if (partitions.Retried > 0)
        {
            parts.Add($"{partitions.Retried} retried");
        }

        if (status.Eta is { } eta)
        {
            parts.Add($"{Quantities.Duration(TimeSpan.FromSeconds(eta.Seconds))} left");
        }

        if (status.Reason is { Code: not ReasonCode.Running } reason)
        {
            parts.Add($"{WireWord(reason.Code)}: {ToolWords.Of(reason.Detail, status.Id.Value)}");
        }

        return string.Join(", ", parts);
    }

    internal static string WireWord<T>(T value)
        where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString());
}
