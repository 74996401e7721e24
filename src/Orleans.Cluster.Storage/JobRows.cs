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

    /// <summary>Number of a job's first line of history.</summary>
    public const long FirstLine = 1;

    /// <summary>Adds a job that is not there yet; whoever adds it adds the first line of its history.</summary>
    public static Task Add(ClusterDbContext db, NewJob job, CancellationToken cancellationToken)
    {
        var (spec, state) = (job.Spec, job.State);
        return db.Insert(
            "processing_jobs",
            """
            id, phase, epoch, revision, priority, operation, owner, created_at, finished_at, deadline_at, cpu, memory_bytes, gpu,
            gang, depends_on, has_callback, artifact_bytes, history_sequence, spec, state
            """,
            [
                [
                    state.Id.Value, state.Phase, state.Epoch, state.Revision, state.Priority, spec.Operation, job.Owner,
                    state.CreatedAt, state.FinishedAt, state.DeadlineAt, spec.Resources.Cpu, spec.Resources.MemoryBytes,
                    spec.Resources.Gpu, spec.Gang, string.Join(' ', spec.DependsOn), spec.Callback is not null,
                    state.ArtifactBytes, FirstLine, Documents.Write(spec), Documents.Write(state),
                ],
            ],
            cancellationToken);
    }
}
