using System.Globalization;
using Orleans.Cluster.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Shows status documents as they come: a bar on a terminal, else a line when something has changed.</summary>
internal sealed class JobFollower(CliConsole console, TimeProvider time)
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);

    /// <summary>Follows to the end.</summary>
    /// <returns>The last document seen.</returns>
    public async Task<JobStatus> FollowAsync(IAsyncEnumerable<JobStatus> statuses) =>
        console.IsLive ? await FollowLiveAsync(statuses) : await FollowByLinesAsync(statuses);

    private async Task<JobStatus> FollowLiveAsync(IAsyncEnumerable<JobStatus> statuses)
    {
        var meter = new ThroughputMeter(time);
        var detail = new DetailColumn();
        return await console.Notes.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), detail)
            .StartAsync(async context =>
            {
                var bar = context.AddTask("QUEUED");
                var last = (JobStatus?)null;
                await foreach (var status in statuses)
                {
                    last = status;
                    bar.Description = WireWord(status.Phase);
                    bar.Value = status.Progress.Fraction * bar.MaxValue;
                    detail.Text = Detail(status, meter.Add(status.Progress));
                }

                return last ?? throw new InvalidOperationException("A watch gives at least one document.");
            });
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
                    string.Create(CultureInfo.InvariantCulture, $"{WireWord(status.Phase)} {status.Progress.Fraction:P1} {Detail(status, rates)}"));
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
            parts.Add($"{WireWord(reason.Code)}: {reason.Detail}");
        }

        return string.Join(", ", parts);
    }

    internal static string WireWord<T>(T value)
        where T : struct, Enum =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseUpper.ConvertName(value.ToString());

    /// <summary>Free text at the end of the line.</summary>
    private sealed class DetailColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(Text).Overflow(Overflow.Ellipsis);
    }
}
