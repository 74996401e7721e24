using System.Runtime.ExceptionServices;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Neighbouring slices of delimited text with one layout, as a table of a task's session. Each scan reads the slices from their
/// files; what one finds that does not fit is kept here, so that scans of one table agree.
/// </summary>
internal sealed class TextTable : TableFunction
{
    /// <summary>A column behind the file's own: the number of a record among those of the table, from 0.</summary>
    public const string RecordColumn = OwnName.Prefix + "record";

    private readonly SortedDictionary<long, BadRow> _bad = [];
    private readonly Dictionary<long, SortedSet<int>> _refused = [];
    private readonly Action<long, long> _progress;

    /// <param name="name">Name that queries call it by.</param>
    /// <param name="scan">What it is a part of.</param>
    /// <param name="slices">Its slices, in order.</param>
    /// <param name="setsAside">Whether rows that do not fit are left out; otherwise the first of them ends the query.</param>
    /// <param name="progress">Hears of source bytes and of rows that a scan read.</param>
    public TextTable(string name, ScanInput scan, IReadOnlyList<FileSlice> slices, bool setsAside, Action<long, long> progress)
    {
        Name = name;
        Scan = scan;
        Slices = slices;
        SetsAside = setsAside;
        _progress = progress;
        Form = new TextForm(scan.DialectOf(slices[0].File) ?? throw new ArgumentException("Delimited text has a dialect."));
        FileColumns = StagedTable.ColumnsOf(scan, slices[0].File);
        TextColumns = [.. FileColumns.Select(TextColumn.Of)];
        Columns =
        [
            .. TextColumns.Select((column, i) => new TableFunctionColumn($"c{i}", column.Native)),
            new TableFunctionColumn(RecordColumn, new NativeType(NativeTypeId.BigInt, 8)),
        ];
    }

    public override string Name { get; }

    public override IReadOnlyList<TableFunctionColumn> Columns { get; }

    public override long? Rows => Slices.All(slice => slice.Rows is not null) ? Slices.Sum(slice => slice.Rows) : null;

    public ScanInput Scan { get; }

    public IReadOnlyList<FileSlice> Slices { get; }

    public bool SetsAside { get; }

    /// <summary>Bytes of text that a scan looks at before it reads on.</summary>
    public int WindowBytes { get; init; } = TextWindow.DefaultBytes;

    /// <summary>
    /// Hears of values that do not fit guessed types, by their column. Null: the first of them ends the scan, since the guess is
    /// wrong.
    /// </summary>
    public Action<int, string>? Refuted { get; init; }

    public TextForm Form { get; }

    /// <summary>Columns of the file in its own order, under the dataset's types.</summary>
    public IReadOnlyList<ColumnSchema> FileColumns { get; }

    /// <summary>How each of them is read.</summary>
    public IReadOnlyList<TextColumn> TextColumns { get; }

    /// <summary>Rows that were set aside, in order.</summary>
    public IEnumerable<BadRow> Bad => _bad.Values;

    /// <summary>Records in all slices, those set aside included; null until a scan came to the end.</summary>
    public long? Records { get; private set; }

    /// <summary>What ended a scan early.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>Whether the engine casts a column of it.</summary>
    public bool HasCasts => TextColumns.Any(column => column.IsCast);

    public override ITableScan Open(IReadOnlyList<int> projected) => new TextScan(this, projected);

    public override void Fail(Exception exception) => Failure ??= ExceptionDispatchInfo.Capture(exception);

    /// <summary>
    /// Whether a value that a column's reader refuses proves a guess wrong. Every text is a VARCHAR, if it is text.
    /// </summary>
    public bool IsGuess(int column) =>
        TextColumns[column].Native.Id != NativeTypeId.Varchar && Scan.Guesses?.Has(TextColumns[column].Name) == true;

    /// <summary>
    /// Rows of columns of the dataset. A statement names no others: the engine binds each name, and a table may have thousands.
    /// </summary>
    public string SelectSql(IReadOnlyList<ColumnSchema> columns)
    {
        var wanted = columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var own = string.Join(", ", TextColumns.Index().Where(pair => wanted.Contains(pair.Item.Name)).Select(pair =>
            $"{(pair.Item.IsCast ? $"CAST(c{pair.Index} AS {pair.Item.Declared})" : $"c{pair.Index}")} AS "
            + $"{SqlText.Name(pair.Item.Name)}")
            .DefaultIfEmpty($"1 AS {OwnName.One}"));
        return $"SELECT {TextSql.Select(columns, Slices[0].File, readAsDataset: true)} FROM (SELECT {own} FROM {Name}())";
    }

    /// <summary>
    /// Of tables so wide that a scan takes fewer rows at a time, bytes of vectors of such columns that stay empty: the scan's,
    /// and those of all rows together. For all others 0, so that tasks of one job have engines of one size.
    /// </summary>
    public (long Scanned, long Kept) UntouchedBytes(IReadOnlyList<ColumnSchema> columns)
    {
        var wanted = columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var read = TextColumns.Where(column => wanted.Contains(column.Name)).ToList();
        var width = read.Sum(column => (long)column.Native.Bytes);
        var batch = FieldBounds.RowsFor(SetsAside ? TextColumns.Count : read.Count);
        if (batch == FieldBounds.MostRows)
        {
            return (0, 0);
        }

        var rows = Slices.Sum(slice =>
            slice.File.EstimatedRows * (double)(slice.End - slice.Start) / Math.Max(1, slice.File.Stamp.Bytes));
        return (
            width * (FieldBounds.MostRows - batch),
            width * (FieldBounds.MostRows - (long)Math.Min(rows, FieldBounds.MostRows)));
    }

    /// <summary>Keeps a row that does not fit.</summary>
    public void SetAside(long record, BadRow row) => _bad.TryAdd(record, row);

    /// <summary>Takes a record for a bad one from the next scan on, as the engine refused to cast one of its values.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Refuse(long record, int column)
    {
        if (!_refused.TryGetValue(record, out var columns))
        {
            columns = _refused[record] = [];
        }

        return columns.Add(column);
    }

    /// <summary>Columns whose value the engine refused, rising; none for most records.</summary>
    public IReadOnlySet<int> RefusedColumns(long record) => _refused.TryGetValue(record, out var columns) ? columns : NoColumns;

    private static readonly SortedSet<int> NoColumns = [];

    /// <summary>Whether any record was refused.</summary>
    public bool HasRefused => _refused.Count > 0;

    /// <summary>Hears of the records of a slice that was read to its end.</summary>
    public void EndSlice(FileSlice slice, long records, bool isLast, long recordsOfAll)
    {
        RecordStager.RequireRows(slice, records);
        if (isLast)
        {
            Records = recordsOfAll;
        }
    }

    /// <summary>Counts the records where no scan of the query came to the end, and planning did not count them either.</summary>
    public void CountRecords(CancellationToken cancellationToken)
    {
        Records ??= Rows;
        if (Records is not null)
        {
            return;
        }

        using var scan = new TextScan(this, [], countsOnly: true);
        while (scan.Advance() > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public void Report(long bytes, long rows) => _progress(bytes, rows);
}
