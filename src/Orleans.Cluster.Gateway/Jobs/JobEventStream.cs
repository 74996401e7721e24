using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>
/// A job as server-sent events: <c>phase</c> for each change of phase, from the stored history, so that none is missed over a
/// reconnect;
/// <c>status</c> with the whole status document whenever it has changed. An event's id holds the last history entry and the
/// revision that were told, which <c>Last-Event-ID</c> gives back. <c>partitions</c> says, to those who want it, which partitions
/// have changed their state. It ends with its caller's key. Those who follow one job wait together, and the document is written
/// once for all of them.
/// </summary>
internal sealed class JobEventStream(IJobService desk, IJobStore jobs, InsightDesk insight, CallerStanding standing)
{
    /// <summary>
    /// Comments at this interval keep proxies from closing a silent stream, and show us a client that has gone.
    /// </summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly SharedQuestions<(JobId Id, long KnownRevision), Document> changes = new();
    private readonly SharedQuestions<(JobId Id, long Revision), IReadOnlyList<HistoryEntry>> histories = new();
    private readonly SharedQuestions<(JobId Id, long Revision), PartitionSummary> summaries = new();

    /// <summary>Writes events until the job has ended or the client is gone.</summary>
    public async Task Write(JobId id, bool withPartitions, HttpContext context)
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

        var document = Document.Of(status);
        var writer = await EventWriter.Open(context.Response);
        var deltas = withPartitions ? new PartitionDeltas() : null;
        JobPhase? phase = null;
        var lasts = standing.Watch(context);
        while (await lasts(cancellationToken))
        {
            if (phase != document.Status.Phase)
            {
                phase = document.Status.Phase;
                told = await WritePhases(writer, document.Status, told, cancellationToken);
            }

            if (deltas is not null)
            {
                await WritePartitions(writer, deltas, document.Status, told, cancellationToken);
            }

            told = await WriteStatus(writer, document, told);
            await writer.Flush(cancellationToken);
            if (document.Status.Phase.IsTerminal())
            {
                return;
            }

            document = await Next(id, Math.Max(told.Revision, document.Status.Revision), cancellationToken);
        }
    }

    private Task<Document> Next(JobId id, long knownRevision, CancellationToken cancellationToken) => changes.Ask(
        (id, knownRevision), async token => Document.Of(await desk.WaitForChange(id, knownRevision, KeepAlive, token)),
        cancellationToken);

    private async Task WritePartitions(
        EventWriter writer, PartitionDeltas deltas, JobStatus status, Place told, CancellationToken cancellationToken)
    {
        var summary = await summaries.Ask(
            (status.Id, status.Revision), token => insight.Summarize(status.Id, token), cancellationToken);
        if (deltas.Next(status.Id, summary) is { } changes)
        {
            await writer.Write($"{told}", "partitions", EventWriter.Json(changes));
        }
    }

    private async Task<Place> WritePhases(EventWriter writer, JobStatus status, Place told, CancellationToken cancellationToken)
    {
        var history = await histories.Ask(
            (status.Id, status.Revision), token => jobs.ListHistory(status.Id, token), cancellationToken);
        foreach (var entry in history)
        {
            if (entry.Sequence > told.Sequence)
            {
                told = told with { Sequence = entry.Sequence };
                var change = new JobPhaseEvent(status.Id, entry.At, entry.Phase, entry.Revision, entry.Detail);
                await writer.Write($"{told}", "phase", EventWriter.Json(change));
            }
        }

        return told;
    }

    private static async Task<Place> WriteStatus(EventWriter writer, Document document, Place told)
    {
        if (document.Status.Revision <= told.Revision)
        {
            await writer.KeepAlive();
            return told;
        }

        told = told with { Revision = document.Status.Revision };
        await writer.Write($"{told}", "status", document.Text);
        return told;
    }

    /// <summary>A status and its text.</summary>
    private sealed record Document(JobStatus Status, string Text)
    {
        public static Document Of(JobStatus status) => new(status, EventWriter.Json(status));
    }

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
