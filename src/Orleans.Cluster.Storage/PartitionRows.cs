using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>Rows of partitions and attempts to records and back.</summary>
internal static class PartitionRows
{
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

    public static PartitionRow ToRow(PartitionRecord record) => new()
    {
        JobId = record.Task.Job.Value,
        Stage = record.Task.Stage,
        Partition = record.Task.Partition,
        Epoch = record.Epoch,
        Place = Pad(record.Order),
        State = record.State,
        Attempt = record.Attempt,
        Faults = record.Faults,
        Crashes = record.Crashes,
        Losses = record.Losses,
        Deaths = record.Deaths,
        NotBefore = record.NotBefore,
        Worker = record.Worker?.Value,
        Bytes = record.Work.Bytes,
        Work = Documents.Write(record.Work),
        Failure = Documents.Write(record.Failure),
        Manifest = Documents.Write(record.Manifest),
        ArtifactFolder = record.ArtifactFolder,
        RowsIn = record.Manifest?.RowsIn ?? 0,
        RowsOut = record.Manifest?.RowsOut ?? 0,
        BytesOut = record.Manifest?.Files.Sum(file => file.Bytes) ?? 0,
        QuarantinedRows = record.Manifest?.QuarantinedRows ?? 0,
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
