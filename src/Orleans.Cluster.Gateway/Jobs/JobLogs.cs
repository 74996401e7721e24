using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>A job's log from its history and its attempts.</summary>
internal static class JobLogs
{
    private const int Max = 10_000;
    private const int PageSize = 1000;

    public static async Task<JobLog> Read(
        JobId id, IJobStore jobs, ICheckpointStore checkpoints, CancellationToken cancellationToken)
    {
        var lines = (await jobs.ListHistory(id, cancellationToken)).Select(OfPhase).ToList();
        (int Stage, int Partition)? after = null;
        while (true)
        {
            var page = await checkpoints.ListWithAttempts(id, null, after, PageSize, cancellationToken);
            lines.AddRange(page.SelectMany(row => row.Attempts).Where(EndedBadly).Select(OfAttempt));
            if (page.Count < PageSize)
            {
                break;
            }

            var last = page[^1].Partition.Task;
            after = (last.Stage, last.Partition);
        }

        return new JobLog([.. lines.OrderBy(line => line.At).TakeLast(Max)]);
    }

    private static bool EndedBadly(AttemptRecord attempt) => attempt.State is AttemptState.Failed or AttemptState.Lost;

    private static JobLogLine OfPhase(HistoryEntry entry) => new(
        entry.At, entry.Phase == JobPhase.Failed ? "ERROR" : "INFORMATION",
        entry.Detail is { } detail
        ? $"{Forms.EnumWords<JobPhase>.WordOf(entry.Phase)}: {detail}"
        : Forms.EnumWords<JobPhase>.WordOf(entry.Phase));

    private static JobLogLine OfAttempt(AttemptRecord attempt) => new(
        attempt.EndedAt ?? attempt.StartedAt, "WARNING",
        attempt.Failure?.Message ?? "The worker is gone; the partition runs again elsewhere.",
        attempt.Id.Task.Stage, attempt.Id.Task.Partition, attempt.Id.Number, attempt.Worker);
}
