using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// What the jobs of one caller have: partitions that wait, and bytes in the artifact store. Read every few seconds for callers
/// that are active, and counted up in between, so that many submits at once do not all find the same room.
/// </summary>
internal sealed class CallerQuota(
    IJobStore jobs, IOptions<QueueOptions> queue, IOptions<JobOptions> options, IOptions<RetentionOptions> retention,
    TimeProvider clock)
{
    private static readonly TimeSpan Keep = TimeSpan.FromSeconds(5);
    private const int MaxKept = 1_000;

    private readonly ConcurrentDictionary<string, Count> partitions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Count> bytes = new(StringComparer.Ordinal);

    /// <summary>Whether the bounds of one caller hold for what is submitted so.</summary>
    public static bool HoldsFor(SubmitOrigin origin) => origin is { Owner: not null, Role: < AccessRole.Admin };

    /// <summary>Partitions that wait once a job of this plan is stored.</summary>
    public static int WaitingOf(JobPlan plan) => plan.Stages.Where(stage => stage.Inputs.All(input => input.Stage is null))
        .Sum(stage => StageOpener.LeastCount(plan, stage));

    /// <summary>Refuses a caller that has no room for another job at all.</summary>
    /// <exception cref="ClusterException"><c>quota-exceeded</c>.</exception>
    public async Task Check(string owner, CancellationToken cancellationToken)
    {
        if (await FindUse(owner, cancellationToken) is { } use && use.Bytes >= use.MostBytes)
        {
            throw new ClusterException(
                Contracts.ProblemCode.QuotaExceeded,
                $"The jobs of this caller have {use.Bytes} bytes in the artifact store, and a caller may have {use.MostBytes} "
                    + "(Jobs:MaxArtifactBytesPerCaller).",
                "Delete jobs whose results you no longer need.");
        }

        if (queue.Value.MaxWaitingPartitionsPerCaller is { } most
            && await Waiting(owner, cancellationToken) is var waiting && waiting.Value >= most)
        {
            throw TooMany(0, waiting.Value, most);
        }
    }

    /// <summary>Takes room for the partitions of a job that is planned.</summary>
    /// <exception cref="ClusterException"><c>quota-exceeded</c>.</exception>
    public async Task TakePartitions(string? owner, int added, CancellationToken cancellationToken)
    {
        if (owner is null || queue.Value.MaxWaitingPartitionsPerCaller is not { } most)
        {
            return;
        }

        var waiting = await Waiting(owner, cancellationToken);
        if (waiting.Add(added) is var sum && sum > most)
        {
            waiting.Add(-added);
            throw TooMany(added, sum - added, most);
        }
    }

    /// <summary>What the caller's jobs have in the artifact store; null where there is no bound.</summary>
    public async Task<CallerUse?> FindUse(string? owner, CancellationToken cancellationToken)
    {
        if (owner is null || options.Value.MaxArtifactBytesPerCaller is not { } most)
        {
            return null;
        }

        var use = await Find(
            bytes, owner, async () => await jobs.SumArtifacts(owner, clock.GetUtcNow() - retention.Value.Results,
                cancellationToken));
        return new CallerUse(use.Value, most);
    }

    private Task<Count> Waiting(string owner, CancellationToken cancellationToken) =>
        Find(partitions, owner, async () => await jobs.CountWaiting(owner, cancellationToken));

    private async Task<Count> Find(ConcurrentDictionary<string, Count> kept, string owner, Func<Task<long>> read)
    {
        if (kept.TryGetValue(owner, out var known) && clock.GetElapsedTime(known.ReadAt) < Keep)
        {
            return known;
        }

        var at = clock.GetTimestamp();
        var count = new Count(at, await read());
        if (kept.Count >= MaxKept)
        {
            foreach (var old in kept.Where(pair => clock.GetElapsedTime(pair.Value.ReadAt) >= Keep).ToList())
            {
                kept.TryRemove(old);
            }
        }

        // Of two that read at once the first one's counts, which others may have added to.
        return kept.AddOrUpdate(
            owner, count, (_, there) => clock.GetElapsedTime(there.ReadAt) < Keep ? there : count);
    }

    private static ClusterException TooMany(int added, long waiting, int most) => new(
        Contracts.ProblemCode.QuotaExceeded,
        (added == 0 ? "" : $"The job has {added} {(added == 1 ? "partition" : "partitions")}. ")
            + $"{waiting} {(waiting == 1 ? "partition" : "partitions")} of this caller's jobs wait, and a caller may have {most} "
            + "(Queue:MaxWaitingPartitionsPerCaller).",
        added > most
            ? "Cut larger partitions (partitioning.targetBytes), or submit the job in parts."
            : "Submit again when some of them have run, or cancel jobs.");

    private sealed class Count(long readAt, long value)
    {
        private long current = value;

        public long ReadAt => readAt;

        public long Value => Volatile.Read(ref current);

        public long Add(long more) => Interlocked.Add(ref current, more);
    }
}
