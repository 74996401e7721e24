using System.Data.Common;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>Rows of partitions and attempts to records and back.</summary>
internal static class PartitionRows
{
    /// <summary>Columns in the order in which <see cref="Read"/> takes them.</summary>
    public const string Columns =
        """
        job_id, stage, "partition", epoch, place, state, attempt, faults, crashes, losses, deaths, not_before, worker, work,
        failure, manifest, artifact_folder
        """;

    private const string AllColumns =
        """
        job_id, stage, "partition", epoch, place, state, attempt, faults, crashes, losses, deaths, not_before, worker, bytes,
        work, failure, manifest, artifact_folder, rows_in, rows_out, bytes_out, quarantined_rows
        """;

    /// <summary>The record of a row of <see cref="Columns"/>.</summary>
    public static PartitionRecord Read(DbDataReader row) => new()
    {
        Task = new TaskId(JobId.Parse(row.GetString(0)), row.GetInt32(1), row.GetInt32(2)),
        Epoch = row.GetInt32(3),
        Order = Unpad(row.GetString(4)),
        State = (PartitionState)row.GetInt32(5),
        Attempt = row.GetInt32(6),
        Faults = row.GetInt32(7),
        Crashes = row.GetInt32(8),
        Losses = row.GetInt32(9),
        Deaths = row.GetInt32(10),
        NotBefore = row.TimeAt(11),
        Worker = row.TextAt(12) is { } worker ? new WorkerId(worker) : null,
        Work = Documents.Read<PartitionWork>(row.GetString(13)),
        Failure = Documents.Read<AttemptFailure>(row.TextAt(14)),
        Manifest = Documents.Read<TaskManifest>(row.TextAt(15)),
        ArtifactFolder = row.TextAt(16),
    };

    /// <summary>Adds rows that are not there yet.</summary>
    public static Task Add(ClusterDbContext db, IEnumerable<PartitionRecord> records, CancellationToken cancellationToken) =>
        db.Insert("partitions", AllColumns, [.. records.Select(Values)], cancellationToken);

    private static object?[] Values(PartitionRecord record) =>
    [
        record.Task.Job.Value, record.Task.Stage, record.Task.Partition, record.Epoch, Pad(record.Order), record.State,
        record.Attempt, record.Faults, record.Crashes, record.Losses, record.Deaths, record.NotBefore, record.Worker?.Value,
        record.Work.Bytes, Documents.Write(record.Work), Documents.Write(record.Failure), Documents.Write(record.Manifest),
        record.ArtifactFolder, record.Manifest?.RowsIn ?? 0, record.Manifest?.RowsOut ?? 0,
        record.Manifest?.Files.Sum(file => file.Bytes) ?? 0, record.Manifest?.QuarantinedRows ?? 0,
    ];

    public static TaskId TaskOf(PartitionRow row) => new(JobId.Parse(row.JobId), row.Stage, row.Partition);

    public static PartitionRecord ToRecord(PartitionRow row) => new()
    {
        Task = TaskOf(row),
        Epoch = row.Epoch,
        Order = Unpad(row.Place),
        State = row.State,
        Attempt = row.Attempt,
        Faults = row.Faults,
        Crashes = row.Crashes,
        Losses = row.Losses,
        Deaths = row.Deaths,
        NotBefore = row.NotBefore,
        Worker = row.Worker is { } worker ? new WorkerId(worker) : null,
        Work = Documents.Read<PartitionWork>(row.Work),
        Failure = Documents.Read<AttemptFailure>(row.Failure),
        Manifest = Documents.Read<TaskManifest>(row.Manifest),
        ArtifactFolder = row.ArtifactFolder,
    };

    public static AttemptRecord ToRecord(AttemptRow row) => new(
        new AttemptId(new TaskId(JobId.Parse(row.JobId), row.Stage, row.Partition), row.Number),
        new WorkerId(row.Worker), row.State, row.StartedAt, row.EndedAt,
        Documents.Read<AttemptFailure>(row.Failure), Documents.Read<TaskCost>(row.Cost));

    /// <summary>
    /// <c>17.0</c> becomes <c>0000000017.0000000000</c>: ordinal order of the padded text is the order number by number, a parent
    /// before its children.
    /// </summary>
    public static string Pad(string order) =>
        string.Join('.',
            order.Split('.')
            .Select(part => int.Parse(part, CultureInfo.InvariantCulture).ToString("D10", CultureInfo.InvariantCulture)));

    private static string Unpad(string place) =>
        string.Join('.', place.Split('.').Select(part => int.Parse(part, CultureInfo.InvariantCulture)));
}
