using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>Job rows to records and back.</summary>
internal static class JobRows
{
    public static JobRecord ToRecord(ProcessingJob row, bool hasPlan) =>
        new(Documents.Read<JobState>(row.State), Documents.Read<JobSpec>(row.Spec), row.Owner, hasPlan);

    public static ProcessingJob ToRow(NewJob job)
    {
        var row = new ProcessingJob
        {
            Id = job.State.Id.Value,
            Operation = job.Spec.Operation,
            Owner = job.Owner,
            CreatedAt = job.State.CreatedAt,
            Cpu = job.Spec.Resources.Cpu,
            MemoryBytes = job.Spec.Resources.MemoryBytes,
            Gpu = job.Spec.Resources.Gpu,
            Gang = job.Spec.Gang,
            DependsOn = string.Join(' ', job.Spec.DependsOn),
            HasCallback = job.Spec.Callback is not null,
            Spec = Documents.Write(job.Spec),
            State = "",
        };
        SetState(row, job.State);
        return row;
    }

    /// <summary>The document, and the columns that repeat parts of it.</summary>
    public static void SetState(ProcessingJob row, JobState state)
    {
        row.Phase = state.Phase;
        row.Epoch = state.Epoch;
        row.Revision = state.Revision;
        row.Priority = state.Priority;
        row.FinishedAt = state.FinishedAt;
        row.DeadlineAt = state.DeadlineAt;
        row.ArtifactBytes = state.ArtifactBytes;
        row.State = Documents.Write(state);
    }
}
