using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Scaling;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>
/// The whole cluster as server-sent events: <c>job</c> with the status document of a job that has changed, <c>worker</c>,
/// <c>decision</c>. An event's id is the moment of the picture that it was found in: who comes back with it is told what goes on
/// and what has ended since, so that the end of a job may be told twice and is never missed. All who listen share one look at the
/// cluster.
/// </summary>
internal sealed class ClusterEventStream(
    IJobService desk, IJobStore jobs, ClusterService cluster, CallerStanding standing, TimeProvider clock)
{
    /// <summary>How often the cluster is looked at while somebody listens.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>An event is written after its moment: what happened in between belongs to the next look.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(5);

    private const int NewestJobs = 100;
    private const int JobsAsked = 100;

    private readonly Lock sync = new();
    private Task<ClusterPicture>? latest;
    private DateTimeOffset lookedAt;

    /// <summary>Writes events until the client is gone, or its key.</summary>
    /// <param name="owner">Whose jobs it sees; everybody's when null.</param>
    /// <param name="context">The request and its answer.</param>
    public async Task Write(string? owner, HttpContext context)
    {
        var cancellationToken = context.RequestAborted;
        var picture = await Look().WaitAsync(cancellationToken);
        var since = ParseId(context.Request.Headers["Last-Event-ID"].ToString()) ?? picture.At;
        var writer = await EventWriter.Open(context.Response);
        await WriteAll(writer, picture, picture.From(since - Overlap, owner));
        var silentSince = picture.At;
        var lasts = standing.Watch(context);
        while (await lasts(cancellationToken))
        {
            await writer.Flush(cancellationToken);
            await Task.Delay(Period, clock, cancellationToken);
            var next = await Look().WaitAsync(cancellationToken);
            if (await WriteAll(writer, next, next.Since(picture, owner)) > 0)
            {
                silentSince = next.At;
            }
            else if (next.At - silentSince >= KeepAlive)
            {
                await writer.KeepAlive();
                silentSince = next.At;
            }

            picture = next;
        }
    }

    private static async Task<int> WriteAll(
        EventWriter writer, ClusterPicture picture, IEnumerable<(string Name, object Document)> events)
    {
        var count = 0;
        var id = picture.At.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        foreach (var (name, document) in events)
        {
            await writer.Write(id, name, EventWriter.Json(document));
            count++;
        }

        return count;
    }

    // A look that failed is not kept: the next one who asks looks again.
    private Task<ClusterPicture> Look()
    {
        lock (sync)
        {
            var now = clock.GetUtcNow();
            if (latest is null || latest.IsFaulted || latest.IsCanceled || now - lookedAt >= Period)
            {
                (lookedAt, latest) = (now, Task.Run(() => Take(now)));
            }

            return latest;
        }
    }

    private async Task<ClusterPicture> Take(DateTimeOffset now)
    {
        var newest = (await jobs.List(new JobFilter { PageSize = NewestJobs }, CancellationToken.None)).Jobs.ToDictionary(job =>
            job.State.Id);
        foreach (var active in (await jobs.ListActive(now, CancellationToken.None))
            .Where(job => !newest.ContainsKey(job.Id)).Take(JobsAsked))
        {
            if (await jobs.Find(active.Id, CancellationToken.None) is { } older)
            {
                newest[active.Id] = older;
            }
        }

        var status = await cluster.GetStatus(CancellationToken.None);
        var seen = await Task.WhenAll(newest.Values.Select(async job => (await StatusOf(job), job.Owner)));
        return new ClusterPicture(now, seen, status.Workers, await cluster.ListDecisions(CancellationToken.None));
    }

    // Only a grain knows how far a living job is; of an ended one the row says all.
    private async Task<JobStatus> StatusOf(JobRecord job)
    {
        if (job.State.Phase.IsTerminal())
        {
            return JobDocuments.Of(job);
        }

        try
        {
            return await desk.GetStatus(job.State.Id, CancellationToken.None);
        }
        catch (ClusterException gone) when (gone.Code == Contracts.ProblemCode.JobNotFound)
        {
            return JobDocuments.Of(job);
        }
    }

    /// <summary>An id that is not ours means that nothing has been told.</summary>
    private static DateTimeOffset? ParseId(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds() && milliseconds > Overlap.TotalMilliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
