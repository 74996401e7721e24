using System.Globalization;
using DuckDB.NET.Data;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Exchange;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Writes the rows of a task's query as its output wants them, makes them durable, and lists what there is.</summary>
internal sealed class OutputWriter(DuckDbSession session, TaskSpec task, TaskInputs inputs, CancellationToken cancellationToken)
{
    private const string Rows = OwnName.Prefix + "rows";
    private const string Number = OwnName.Prefix + "number";

    // From so many targets on, a sort of the rows costs less than a look at all of them for each target.
    private const int ManyTargets = 24;

    private const string ExchangeOptions = "FORMAT parquet, COMPRESSION snappy";
    private double profiledSeconds;

    /// <summary>Bytes that the largest of its statements spilled.</summary>
    public long SpilledBytes { get; private set; }

    /// <summary>Operators of the statement that took longest.</summary>
    public IReadOnlyList<OperatorCost> Operators { get; private set; } = [];

    /// <summary>Removes what an earlier round of the same attempt wrote.</summary>
    public static void Clear(string folder)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder))
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }
    }

    /// <summary>Files with rows, in order, and the columns of the rows.</summary>
    public (IReadOnlyList<ArtifactFile> Files, IReadOnlyList<ColumnSchema> Columns) Write()
    {
        var described = session.Describe(task.Query, cancellationToken);
        var isExchange = task.Output.Kind == OutputKind.Exchange;
        var written = described.Where(column => !isExchange || column.Name != TaskOutput.TargetColumn).ToList();
        var columns = written.Select(Storable).ToList();
        var select = string.Join(", ", written.Zip(columns, Select));
        if (isExchange && task.Output.Targets > 1 && ExchangeWriter.Holds(columns))
        {
            return (WriteExchange(select, columns), columns);
        }

        var options = ExchangeOptions + ResultFormat.Dictionaries(columns, task.MemoryBytes);
        var files = task.Output.Kind switch
        {
            OutputKind.Exchange when task.Output.Targets > 1 => WriteFiles(select, options),
            OutputKind.Result =>
                new ResultWriter(session, task, Run, cancellationToken).Write($"SELECT {select} FROM ({task.Query})", columns),
            _ => WriteOne($"SELECT {select} FROM ({task.Query})", "data.parquet", options, 0),
        };
        var listed = files.Select(Finish).ToList();
        return (listed, columns);
    }

    private ColumnSchema Storable(ColumnSchema column) => column with
    {
        Type = task.Output.Kind == OutputKind.Result ? StoredType.InResult(column.Type) : StoredType.BetweenStages(column.Type),
    };

    private static string Select(ColumnSchema described, ColumnSchema stored) => described.Type == stored.Type
        ? SqlText.Name(stored.Name)
        : $"CAST({SqlText.Name(stored.Name)} AS {stored.Type}) AS {SqlText.Name(stored.Name)}";

    // One file, which is on disk when this returns, and whose hash was made on the way.
    private ArtifactFile[] WriteExchange(string select, IReadOnlyList<ColumnSchema> columns)
    {
        var path = Path.Combine(task.AttemptFolder, ExchangeFile.Name);
        using var writer = new ExchangeWriter(
            path, columns, task.Output.Targets, task.Attempt, TaskInputs.RunBytesOf(task));
        session.Register(writer);
        long rows;
        try
        {
            rows = Run(
                $"COPY (SELECT {select}, {TaskOutput.TargetColumn} FROM ({task.Query})) TO {SqlText.Literal(path)} "
                + $"(FORMAT {ExchangeWriter.Format})", readsInputs: true);
        }
        catch (DuckDBException) when (writer.Failure is { } failure)
        {
            failure.Throw();
            throw;
        }

        var file = writer.Finish(task.IsDurable);
        return file?.Rows == rows || (file is null && rows == 0)
            ? file is null ? [] : [file]
            : throw new EngineException(
                FailureKind.Internal, $"Rows do not add up: {rows} rows were to be sent, and {file?.Rows ?? 0} were written.");
    }

    // What only Parquet holds (unions, variants). The engine's own partitioned write flushes its buffers out of order, so that
    // rows of a target would not keep theirs. A table that may spill, and one ordered scan of it for each target, keep it.
    private List<(string Path, int Target, long Rows)> WriteFiles(string select, string options)
    {
        Run($"CREATE TEMP TABLE {Rows} AS {(task.Output.Targets < ManyTargets ? task.Query : ByTarget(task.Query))}",
            readsInputs: true);
        var targets = session.Query(
            $"SELECT {TaskOutput.TargetColumn}, count(*) FROM {Rows} GROUP BY 1 ORDER BY 1",
            row => (Target: row.IsDBNull(0)
                ? -1
                : Convert.ToInt32(row.GetValue(0), CultureInfo.InvariantCulture), Rows: row.GetInt64(1)), cancellationToken);
        if (targets.FirstOrDefault(target => target.Target < 0 || target.Target >= task.Output.Targets) is { Rows: > 0 } stray)
        {
            throw new EngineException(
                FailureKind.Internal, $"{stray.Rows} rows have target {stray.Target}, outside [0, {task.Output.Targets}).");
        }

        return
        [
            .. targets.SelectMany(target => WriteOne(
                $"SELECT {select} FROM {Rows} WHERE {TaskOutput.TargetColumn} = {target.Target}",
                $"t{target.Target:00000}.parquet",
                options, target.Target, readsInputs: false)),
        ];
    }

    // Their numbers keep the order of a target's rows.
    private static string ByTarget(string query) =>
        $"SELECT * FROM (SELECT *, row_number() OVER () AS {Number} FROM ({query})) ORDER BY {TaskOutput.TargetColumn}, {Number}";

    private List<(string Path, int Target, long Rows)> WriteOne(
        string query, string name, string options, int target, bool readsInputs = true)
    {
        var path = Path.Combine(task.AttemptFolder, name);
        var rows = Run($"COPY ({query}) TO {SqlText.Literal(path)} ({options})", readsInputs);
        if (rows > 0)
        {
            return [(name, target, rows)];
        }

        File.Delete(path);
        return [];
    }

    // Rows that the statement wrote. One that reads inputs must have read all of them.
    private long Run(string sql, bool readsInputs)
    {
        var rows = session.Execute(sql, cancellationToken);
        var profile = session.LastProfile();
        SpilledBytes = Math.Max(SpilledBytes, profile.PeakSpillBytes);
        // Of several statements, the one that took longest is the task's; the others only move rows.
        if (profile.Operators.Sum(each => each.Seconds) is var seconds && seconds >= profiledSeconds)
        {
            (profiledSeconds, Operators) = (seconds, profile.Operators);
        }

        if (readsInputs)
        {
            RowAccounting.Check(session, inputs, profile, cancellationToken);
        }

        return rows;
    }

    private ArtifactFile Finish((string Path, int Target, long Rows) file)
    {
        var path = Path.Combine(task.AttemptFolder, file.Path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1 << 20);
        var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (task.IsDurable)
        {
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        return new ArtifactFile(file.Path, file.Target, file.Rows, stream.Length, hash);
    }
}
