using System.Globalization;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Writes the rows of a task's query as its output wants them, makes them durable, and lists what there is.</summary>
internal sealed class OutputWriter(DuckDbSession session, TaskSpec task, TaskInputs inputs, CancellationToken cancellationToken)
{
    private const string Rows = "__rows";
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
        var columns = described.Where(column => !isExchange || column.Name != TaskOutput.TargetColumn).Select(Storable).ToList();
        var files = task.Output.Kind switch
        {
            OutputKind.Exchange when task.Output.Targets > 1 => WriteExchange(columns),
            OutputKind.Exchange => WriteOne($"SELECT {Select(columns)} FROM ({task.Query})", "data.parquet", ParquetOptions(null), 0),
            OutputKind.Result => WriteResult(columns),
            _ => WriteOne($"SELECT {Select(columns)} FROM ({task.Query})", "data.parquet", ParquetOptions(null), 0),
        };
        var listed = files.Select(Finish).ToList();
        return (listed, columns);
    }

    // Parquet has no 128-bit integer: the engine would write it as DOUBLE and lose digits.
    private static ColumnSchema Storable(ColumnSchema column) =>
        column.Type is "HUGEINT" or "UHUGEINT" ? column with { Type = "DECIMAL(38,0)" } : column;

    private static string Select(IEnumerable<ColumnSchema> columns) => string.Join(
        ", ", columns.Select(column => column.Type == "DECIMAL(38,0)"
            ? $"CAST({SqlText.Name(column.Name)} AS DECIMAL(38,0)) AS {SqlText.Name(column.Name)}"
            : SqlText.Name(column.Name)));

    // The engine's own partitioned write flushes its buffers out of order, so that rows of a target would not keep theirs. A table that
    // may spill, and one ordered scan of it for each target, keep it.
    private List<(string Path, int Target, long Rows)> WriteExchange(List<ColumnSchema> columns)
    {
        Run($"CREATE TEMP TABLE {Rows} AS {task.Query}");
        var targets = session.Query(
            $"SELECT {TaskOutput.TargetColumn}, count(*) FROM {Rows} GROUP BY 1 ORDER BY 1",
            row => (Target: row.IsDBNull(0) ? -1 : Convert.ToInt32(row.GetValue(0), CultureInfo.InvariantCulture), Rows: row.GetInt64(1)), cancellationToken);
        if (targets.FirstOrDefault(target => target.Target < 0 || target.Target >= task.Output.Targets) is { Rows: > 0 } stray)
        {
            throw new EngineException(FailureKind.Internal, $"{stray.Rows} rows have target {stray.Target}, outside [0, {task.Output.Targets}).");
        }

        return
        [
            .. targets.SelectMany(target => WriteOne(
                $"SELECT {Select(columns)} FROM {Rows} WHERE {TaskOutput.TargetColumn} = {target.Target}", $"t{target.Target:00000}.parquet",
                ParquetOptions(null), target.Target, readsInputs: false)),
        ];
    }

    private List<(string Path, int Target, long Rows)> WriteResult(List<ColumnSchema> columns)
    {
        var output = task.Output;
        var (extension, options) = output.Format switch
        {
            OutputFormat.Csv => (Compressed(".csv"), $"FORMAT csv, HEADER true{Compression()}"),
            OutputFormat.Tsv => (Compressed(".tsv"), $"FORMAT csv, HEADER true, DELIMITER '\t'{Compression()}"),
            OutputFormat.Ndjson => (Compressed(".ndjson"), $"FORMAT json{Compression()}"),
            _ => (".parquet", ParquetOptions(output.Compression ?? "zstd")),
        };
        var query = $"SELECT {Select(columns)} FROM ({task.Query})";
        if (output.PartitionBy.Count == 0 && output.FileBytes is null)
        {
            return WriteOne(query, "result" + extension, options, 0);
        }

        var folder = Path.Combine(task.AttemptFolder, "result");
        var parts = output.PartitionBy.Count > 0
            ? $", PARTITION_BY ({SqlText.Names(output.PartitionBy)}), FILENAME_PATTERN 'data_{{i}}'"
            : $", FILE_SIZE_BYTES {output.FileBytes}";
        Run($"COPY ({query}) TO {SqlText.Literal(folder)} ({options}{parts}, FILE_EXTENSION {SqlText.Literal(extension[1..])})");
        return Directory.Exists(folder)
            ?
            [
                .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                    .Order(NaturalOrder.Instance)
                    .Select(path => (Path.GetRelativePath(task.AttemptFolder, path), 0, CountRows(path)))
                    .Where(file => file.Item3 > 0),
            ]
            : [];
    }

    private string Compression() => task.Output.Compression is { } codec and not "none" ? $", COMPRESSION {SqlText.Literal(codec)}" : "";

    private string Compressed(string extension) => task.Output.Compression switch
    {
        "gzip" => extension + ".gz",
        "zstd" => extension + ".zst",
        _ => extension,
    };

    private static string ParquetOptions(string? codec) =>
        $"FORMAT parquet, COMPRESSION {SqlText.Literal(codec is "none" ? "uncompressed" : codec ?? "snappy")}";

    private List<(string Path, int Target, long Rows)> WriteOne(string query, string name, string options, int target, bool readsInputs = true)
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

    private long Run(string sql, bool readsInputs = true)
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

    private long CountRows(string path) => task.Output.Format switch
    {
        OutputFormat.Parquet => session.QueryInt64($"SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata({SqlText.Literal(path)})", cancellationToken),
        OutputFormat.Ndjson => session.QueryInt64($"SELECT count(*) FROM read_ndjson_objects({SqlText.Literal(path)})", cancellationToken),
        _ => session.QueryInt64($"SELECT count(*) FROM read_csv({SqlText.Literal(path)}, header = true, all_varchar = true)", cancellationToken),
    };

    private ArtifactFile Finish((string Path, int Target, long Rows) file)
    {
        var path = Path.Combine(task.AttemptFolder, file.Path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read, 1 << 20);
        var hash = Convert.ToHexStringLower(SHA256.HashData(stream));
        RandomAccess.FlushToDisk(stream.SafeFileHandle);
        return new ArtifactFile(file.Path, file.Target, file.Rows, stream.Length, hash);
    }
}
