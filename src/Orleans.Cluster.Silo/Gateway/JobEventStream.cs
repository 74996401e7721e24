using System.Globalization;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Grains.Checkpoints;
using Orleans.Cluster.Grains.Jobs;

namespace Orleans.Cluster.Silo.Gateway;

/// <summary>
/// A job as server-sent events: <c>phase</c> for each change of phase, from the stored history, so that none is missed over a reconnect;
/// <c>status</c> with the whole status document whenever it has changed. An event's id holds the last history entry and the revision that
/// were told, which <c>Last-Event-ID</c> gives back.
/// </summary>
internal sealed class JobEventStream(IJobDesk desk, IJobStore jobs)
{
    /// <summary>Comments at this interval keep proxies from closing a silent stream, and show us a client that has gone.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    public async Task Write(JobId id, HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var told = Place.Parse(context.Request.Headers["Last-Event-ID"].ToString());
        var status = await desk.GetStatus(id, cancellationToken);
        if (status.Phase.IsTerminal() && status.Revision <= told.Revision)
        {
            // Tells an EventSource to stop connecting again.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var writer = Open(context.Response);
        await writer.WriteAsync("retry: 2000\n\n");
        JobPhase? phase = null;
        while (true)
        {
            if (phase != status.Phase)
            {
                phase = status.Phase;
                told = await WritePhases(writer, id, told, cancellationToken);
            }

            told = await WriteStatus(writer, status, told);
            await writer.FlushAsync(cancellationToken);
            if (status.Phase.IsTerminal())
            {
                return;
            }

            status = await desk.WaitForChange(id, Math.Max(told.Revision, status.Revision), KeepAlive, cancellationToken);
        }
    }

    private static StreamWriter Open(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        return new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
    }

    private async Task<Place> WritePhases(StreamWriter writer, JobId id, Place told, CancellationToken cancellationToken)
    {
        foreach (var entry in await jobs.ListHistory(id, cancellationToken))
        {
            if (entry.Sequence > told.Sequence)
            {
                told = told with { Sequence = entry.Sequence };
                await WriteEvent(writer, "phase", told, new JobPhaseEvent(id, entry.At, entry.Phase, entry.Revision, entry.Detail));
            }
        }

        return told;
    }

    private static async Task<Place> WriteStatus(StreamWriter writer, JobStatus status, Place told)
    {
        if (status.Revision <= told.Revision)
        {
            await writer.WriteAsync(": still here\n\n");
            return told;
        }

        told = told with { Revision = status.Revision };
        await WriteEvent(writer, "status", told, status);
        return told;
    }

    private static Task WriteEvent<T>(StreamWriter writer, string name, Place place, T data) =>
        writer.WriteAsync($"id: {place}\nevent: {name}\ndata: {JsonSerializer.Serialize(data, WireJson.Options)}\n\n");

    /// <summary>What a client has been told.</summary>
    private readonly record struct Place(long Sequence, long Revision)
    {
        /// <summary>An id that is not ours means that nothing has been told.</summary>
        public static Place Parse(string text) =>
            text.Split('.') is [var first, var second]
            && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && long.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out var revision)
                ? new Place(sequence, revision)
                : new Place(0, 0);

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sequence}.{Revision}");
    }
}
