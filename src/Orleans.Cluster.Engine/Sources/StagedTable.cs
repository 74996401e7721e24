using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Neighbouring JSON slices of one layout, staged as one file of one value a line that the engine reads.</summary>
internal sealed class StagedTable(ScanInput scan, IReadOnlyList<FileSlice> slices, StagingFile file)
{
    private readonly SortedSet<long> _skipped = [];

    /// <summary>What it is a part of.</summary>
    public ScanInput Scan { get; } = scan;

    /// <summary>Its slices, in order.</summary>
    public IReadOnlyList<FileSlice> Slices { get; } = slices;

    /// <summary>Where its records are.</summary>
    public StagingFile File { get; } = file;

    /// <summary>Numbers of its records that are set aside, from 0.</summary>
    public IReadOnlySet<long> Skipped => _skipped;

    /// <summary>What was staged last.</summary>
    public StagedRecords Staged { get; private set; } = new([], 0, 0, []);

    // No text has the delimiter: JSON allows no control character, and a line with one is wrong anyhow.
    private static readonly TextDialect WholeLines = new() { Delimiter = "\u0001", Quote = "", Escape = "", Header = false };

    // Of a plan that an earlier version made.
    private JsonLayout Unplanned => new() { IsWhole = FileColumns is [{ Name: "json" }], UnknownKeys = UnknownKeys.Ignore };

    /// <summary>Columns of the file in its own order, under the dataset's types.</summary>
    public IReadOnlyList<ColumnSchema> FileColumns { get; } = ColumnsOf(scan, slices[0].File);

    /// <summary>Copies the records that are not set aside.</summary>
    public void Stage(Action<long> progress, CancellationToken cancellationToken)
    {
        File.Reset();
        var layout = Scan.Json ?? Unplanned;
        var json = new JsonRecords(JsonShape.Of(FileColumns, layout), layout.UnknownKeys);
        Staged = RecordStager.Stage(Slices, Scan, File, Skipped, json, progress, cancellationToken);
    }

    /// <summary>Sets records aside; <see cref="Stage"/> then leaves them out.</summary>
    public void Skip(IEnumerable<long> records) => _skipped.UnionWith(records);

    /// <summary>The reader's call.</summary>
    public string ReadSql() => TextSql.Read(File.Path, null, FileColumns, Staged.LongestRecord);

    /// <summary>The reader's call for whole lines, as the one column <c>line</c>.</summary>
    public string LinesSql() => TextSql.Read(File.Path, WholeLines, [new ColumnSchema("line", "VARCHAR")], Staged.LongestRecord);

    /// <summary>Rows of columns of the dataset.</summary>
    public string SelectSql(IReadOnlyList<ColumnSchema> columns) =>
        $"SELECT {TextSql.Select(columns, Slices[0].File, readAsDataset: true)} FROM {ReadSql()}";

    /// <summary>Columns of a file in its own order, under the dataset's types; those of its folders left out.</summary>
    public static ColumnSchema[] ColumnsOf(ScanInput scan, SourceFile file)
    {
        var hive = file.HiveValues ?? new Dictionary<string, string>();
        var own = file.Columns ?? [.. scan.Columns.Where(c => !hive.ContainsKey(c.Name))];
        var types = scan.Columns.ToDictionary(c => c.Name, c => c.Type, StringComparer.OrdinalIgnoreCase);
        return [.. own.Select(c => c with { Type = types.GetValueOrDefault(c.Name, "VARCHAR") })];
    }
}
