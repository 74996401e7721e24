using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Neighbouring slices of JSON with one layout, as a table of a task's session that reads them where they are. It answers for
/// records that are right; any other makes it <see cref="IsOdd"/>, and the slices are staged for the engine's own reader.
/// </summary>
internal sealed class JsonTable : TableFunction
{
    // A double, by which the engine reads a decimal, has no more.
    private const int MostDecimalDigits = 15;

    private readonly Action<long, long> _progress;

    /// <param name="name">Name that queries call it by.</param>
    /// <param name="scan">What it is a part of.</param>
    /// <param name="slices">Its slices, in order.</param>
    /// <param name="progress">Hears of source bytes and of rows that a scan read.</param>
    public JsonTable(string name, ScanInput scan, IReadOnlyList<FileSlice> slices, Action<long, long> progress)
    {
        (Name, Scan, Slices, _progress) = (name, scan, slices, progress);
        Layout = scan.Json ?? throw new ArgumentException("A scan of JSON has a layout.");
        FileColumns = StagedTable.ColumnsOf(scan, slices[0].File);
        TextColumns = [.. FileColumns.Select(ColumnOf)];
        Columns = TextColumns.Count == 0
            ? [new TableFunctionColumn("none", new NativeType(NativeTypeId.Boolean, 1))]
            : [.. TextColumns.Select((column, i) => new TableFunctionColumn($"c{i}", column.Native))];
    }

    /// <summary>Whether a dataset is one that it reads: objects, each a record.</summary>
    public static bool CanRead(ScanInput scan) => scan.Json is { IsWhole: false };

    public override string Name { get; }

    public override IReadOnlyList<TableFunctionColumn> Columns { get; }

    public override long? Rows => Slices.All(slice => slice.Rows is not null) ? Slices.Sum(slice => slice.Rows) : null;

    /// <summary>What it is a part of.</summary>
    public ScanInput Scan { get; }

    /// <summary>Its slices, in order.</summary>
    public IReadOnlyList<FileSlice> Slices { get; }

    /// <summary>How its keys became columns.</summary>
    public JsonLayout Layout { get; }

    /// <summary>Bytes of text that a scan looks at before it reads on.</summary>
    public int WindowBytes { get; init; } = TextWindow.DefaultBytes;

    /// <summary>Columns of the file in its own order, under the dataset's types.</summary>
    public IReadOnlyList<ColumnSchema> FileColumns { get; }

    /// <summary>How each of them is read.</summary>
    public IReadOnlyList<TextColumn> TextColumns { get; }

    /// <summary>Records in all slices; null until a scan came to the end.</summary>
    public long? Records { get; private set; }

    /// <summary>What ended a scan early, unless it was an odd record.</summary>
    public System.Runtime.ExceptionServices.ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>Whether a scan met a record that it does not read.</summary>
    public bool IsOdd { get; private set; }

    /// <summary>Whether the engine casts a column of it.</summary>
    public bool HasCasts => TextColumns.Any(column => column.IsCast);

    public override ITableScan Open(IReadOnlyList<int> projected) =>
        new JsonScan(this, TextColumns.Count == 0 ? [-1] : projected);

    public override void Fail(Exception exception)
    {
        if (exception is OddRecordException)
        {
            IsOdd = true;
        }
        else
        {
            Failure ??= System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(exception);
        }
    }

    /// <summary>Leaves all to the engine's own reader: it refused a cast, and that says which record is wrong.</summary>
    public void GiveUp() => IsOdd = true;

    /// <summary>What records must look like; each scan has one of its own.</summary>
    public JsonShape NewShape() => JsonShape.Of(FileColumns, Layout);

    /// <summary>Rows of columns of the dataset. A statement names no others: the engine binds each name.</summary>
    public string SelectSql(IReadOnlyList<ColumnSchema> columns)
    {
        var wanted = columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var own = string.Join(", ", TextColumns.Index().Where(pair => wanted.Contains(pair.Item.Name)).Select(pair =>
            $"{Value(pair.Item, pair.Index)} AS {SqlText.Name(pair.Item.Name)}").DefaultIfEmpty($"1 AS {OwnName.One}"));
        return $"SELECT {TextSql.Select(columns, Slices[0].File, readAsDataset: true)} FROM (SELECT {own} FROM {Name}())";
    }

    private static string Value(TextColumn column, int index) =>
        column.IsCast ? $"json_transform_strict(c{index}, {SqlText.Literal(StructureOf(column.Declared))})" : $"c{index}";

    /// <summary>
    /// Reads to the end where no scan of a query did: a record that is wrong is wrong, whether the query came to it or not.
    /// </summary>
    /// <returns>Whether all records are certain.</returns>
    public bool ReadAll(CancellationToken cancellationToken)
    {
        if (Records is not null)
        {
            return true;
        }

        using var scan = new JsonScan(this, []);
        try
        {
            while (scan.Advance() > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return true;
        }
        catch (OddRecordException)
        {
            IsOdd = true;
            return false;
        }
    }

    /// <summary>Hears of the records of a slice that was read to its end.</summary>
    public void EndSlice(FileSlice slice, long records, bool isLast, long recordsOfAll)
    {
        RecordStager.RequireRows(slice, records);
        if (isLast)
        {
            Records = recordsOfAll;
        }
    }

    public void Report(long bytes, long rows) => _progress(bytes, rows);

    private static TextColumn ColumnOf(ColumnSchema column)
    {
        var read = TextColumn.Of(column);
        var isCast = read.IsCast || read.Native is { Id: NativeTypeId.Decimal, Width: > MostDecimalDigits };
        return isCast ? read with { IsCast = true, Native = new NativeType(NativeTypeId.Varchar, 16) } : read;
    }

    private static string StructureOf(string type) => System.Text.Json.JsonSerializer.Serialize(type, Values.JsonNames.Options);
}
