using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>Stored rows as documents.</summary>
internal static class JobDocuments
{
    /// <summary>The status of an ended job, of which the row says all.</summary>
    public static JobStatus Of(JobRecord job) => new()
    {
        Id = job.State.Id,
        Name = job.Spec.Name,
        Operation = job.Spec.Operation,
        Priority = job.State.Priority,
        Phase = job.State.Phase,
        Revision = job.State.Revision,
        CreatedAt = job.State.CreatedAt,
        StartedAt = job.State.StartedAt,
        FinishedAt = job.State.FinishedAt,
        Progress = job.State.Progress,
        Result = job.State.Result,
        QuarantinedRows = job.State.QuarantinedRows,
        Error = job.State.Error,
        Labels = job.Spec.Labels,
        Links = JobLinks.Of(job.State.Id),
        Notes = job.State.Notes,
    };

    public static PartitionItem Of(PartitionRecord partition, IReadOnlyList<AttemptRecord> attempts) => new()
    {
        Stage = partition.Task.Stage,
        Partition = partition.Task.Partition,
        State = EnumWords<PartitionState>.WordOf(partition.State),
        Bytes = partition.Work.Bytes,
        Rows = partition.Manifest?.RowsIn ?? 0,
        RowsOut = partition.Manifest?.RowsOut ?? 0,
        BytesOut = partition.Manifest?.Files.Sum(file => file.Bytes) ?? 0,
        QuarantinedRows = partition.Manifest?.QuarantinedRows ?? 0,
        CpuSeconds = attempts.Sum(attempt => attempt.Cost?.CpuSeconds ?? 0),
        PeakMemoryBytes = attempts.Max(attempt => attempt.Cost?.PeakMemoryBytes) ?? 0,
        SpilledBytes = attempts.Sum(attempt => attempt.Cost?.SpilledBytes ?? 0),
        NotBefore = partition.State == PartitionState.Waiting ? partition.NotBefore : null,
        Attempts = [.. attempts.Select(Of)],
    };

    public static CallbackItem Of(OutboxDelivery delivery) => new(
        delivery.Id, delivery.Phase, delivery.CreatedAt,
        delivery.DoneAt is null ? CallbackState.Waiting : delivery.Error is null ? CallbackState.Delivered
        : CallbackState.GivenUp,
        delivery.Tries, delivery.DoneAt is null ? delivery.DueAt : null, delivery.DoneAt, delivery.Error);

    private static AttemptItem Of(AttemptRecord attempt) => new(
        attempt.Id.Number, attempt.Worker, EnumWords<AttemptState>.WordOf(attempt.State), attempt.StartedAt, attempt.EndedAt,
        attempt.Failure is { } failure
            ? new FailureItem(EnumWords<FailureKind>.WordOf(failure.Kind), failure.Message, failure.Kind.IsRetryable())
            : null);
}
