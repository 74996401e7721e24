using System.Runtime.InteropServices;
using System.Text.Unicode;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// One pass over a <see cref="TextTable"/>: a batch of rows is found in the window, then each wanted column is read into its
/// vector. A batch ends with the window, so that what its strings point at stays until the engine, which has let go of it by
/// then, asks for the next. Where rows are set aside, every column is read, wanted or not: which rows they are depends on the
/// table alone, never on the query.
/// </summary>
internal sealed unsafe class TextScan : ITableScan
{
    private readonly TextTable _table;
    private readonly SliceReader _reader;
    private readonly RecordScanner _scanner;
    private readonly FieldBounds _bounds;
    private readonly TextArena _arena = new();
    private readonly WantedColumn[] _wanted;
    private readonly int[] _recordVectors;
    private readonly List<Misfit> _misfits = [];
    private readonly List<(int Row, int Wanted)> _rejected = [];
    private readonly List<int> _rejectedRows = [];
    private readonly bool _hasText;
    private List<long>? _recordNumbers;
    private (int Start, int End) _batch;
    private int _rows;
    private long _firstRecord;
    private long _records;
    private long _recordsOfSlice;
    private long _handedOn;
    private long _setAside;
    private bool _ended;

    /// <param name="table">The table.</param>
    /// <param name="projected">
    /// Columns that the engine wants, in the order of its vectors; -1 for one that it does not look at.
    /// </param>
    /// <param name="countsOnly">Whether only records are counted, whatever they are like.</param>
    public TextScan(TextTable table, IReadOnlyList<int> projected, bool countsOnly = false)
    {
        _table = table;
        CountsOnly = countsOnly;
        var width = table.TextColumns.Count;
        var vectors = projected.Select((column, vector) => (column, vector)).ToLookup(pair => pair.column, pair => pair.vector);
        var wanted = Enumerable.Range(0, width)
            .Where(column => vectors.Contains(column) || (table.SetsAside && !countsOnly)).ToList();
        _recordVectors = [.. vectors[width]];
        _bounds = new FieldBounds(wanted.Count);
        _wanted = [.. wanted.Select(column => new WantedColumn(column, table, _arena, [.. vectors[column]], _bounds.Capacity))];
        _hasText = _wanted.Any(column => column.Reader is StringFieldReader);
        _scanner = new RecordScanner(table.Form, new WantedFields(Math.Max(width, 1), wanted));
        _reader = new SliceReader(table.Slices, table.Scan.Format, table.WindowBytes);
        _ended = !_reader.NextSlice();
    }

    private bool CountsOnly { get; }

    /// <inheritdoc/>
    public int Next(DataChunk chunk)
    {
        for (var isUsed = false; ; isUsed = true)
        {
            var rows = Advance();
            if (rows == 0)
            {
                return 0;
            }

            // A batch of which nothing is left has written into the vectors.
            var kept = Read(chunk, rows, isUsed);
            if (kept > 0)
            {
                return kept;
            }
        }
    }

    /// <summary>Finds the next records. Those that are no rows are handed to the table.</summary>
    /// <returns>Records found; 0 at the end.</returns>
    public int Advance()
    {
        _misfits.Clear();
        while (!_ended)
        {
            var window = _reader.Window;
            var from = window.Start;
            _rows = _scanner.Scan(window.Text, from, window.End, window.IsLast, _bounds, _misfits, out var next);
            window.Start = next;
            _batch = (from, next);
            if (_rows + _misfits.Count > 0)
            {
                _firstRecord = _records;
                _records += _rows + _misfits.Count;
                _recordsOfSlice += _rows + _misfits.Count;
                _table.Report(next - from, _rows);
                return _rows + _misfits.Count;
            }

            if (!window.IsLast)
            {
                _reader.Fill();
                continue;
            }

            _table.EndSlice(_reader.Slice, _recordsOfSlice, _reader.IsLastSlice, _records);
            _recordsOfSlice = 0;
            _ended = !_reader.NextSlice();
            RequireAll();
        }

        return 0;
    }

    // Rows that are neither handed on nor set aside would be lost in silence.
    private void RequireAll()
    {
        if (_ended && !CountsOnly && _handedOn + _setAside != _records)
        {
            throw new InvalidOperationException($"Of {_records} records {_handedOn} were handed on and {_setAside} set aside.");
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _bounds.Dispose();
        _arena.Dispose();
        foreach (var column in _wanted)
        {
            column.Dispose();
        }
    }

    // Answers the rows that are left.
    private int Read(DataChunk chunk, int found, bool isUsed)
    {
        _arena.Reset();
        NumberRecords();
        var checksText = _hasText && !Utf8.IsValid(_reader.Window.Span(_batch.Start, _batch.End));
        ReadColumns(chunk, checksText, isUsed);
        Refuse();
        if (_misfits.Count + _rejected.Count > 0)
        {
            SetAside();
            if (_rejected.Count > 0)
            {
                var dropped = _rejected.Select(reject => reject.Row).Distinct().Order().ToList();
                _bounds.Drop(_rows, dropped);
                dropped.Reverse();
                dropped.ForEach(row => _recordNumbers?.RemoveAt(row));
                _rows -= dropped.Count;
                ReadColumns(chunk, checksText, isUsed: true);
            }
        }

        FillRecords(chunk);
        _handedOn += _rows;
        _setAside += found - _rows;
        return _rows;
    }

    private void ReadColumns(DataChunk chunk, bool checksText, bool isUsed)
    {
        _rejected.Clear();
        for (var i = 0; i < _wanted.Length && _rows > 0; i++)
        {
            var column = _wanted[i];
            if (column.Reader is StringFieldReader reader)
            {
                reader.ChecksText = checksText;
            }

            _rejectedRows.Clear();
            for (var copy = 0; copy < Math.Max(column.Vectors.Length, 1); copy++)
            {
                var vector = column.Vectors.Length > 0 ? new ColumnVector(chunk.Vector(column.Vectors[copy])) : column.Scratch();
                if (isUsed || column.Vectors.Length == 0)
                {
                    vector.Clear(_rows);
                }

                column.Reader.Read(_reader.Window.Text, _bounds.Starts(i), _bounds.Ends(i), _rows, vector, _rejectedRows);
            }

            foreach (var row in _rejectedRows)
            {
                _rejected.Add((row, i));
            }
        }
    }

    private void Refuse()
    {
        for (var row = 0; row < _rows && _table.HasRefused; row++)
        {
            foreach (var column in _table.RefusedColumns(RecordOf(row)))
            {
                // One that this query does not look at is no fault of its rows.
                var wanted = Array.FindIndex(_wanted, wanted => wanted.Column == column);
                if (wanted >= 0)
                {
                    _rejected.Add((row, wanted));
                }
            }
        }
    }

    // Number of a row's record: its place among the rows and the misfits of the batch.
    private long RecordOf(int row)
    {
        var (low, high) = (0, _misfits.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = _misfits[middle].RowsBefore <= row ? (middle + 1, high) : (low, middle);
        }

        return _firstRecord + row + low;
    }

    private void SetAside()
    {
        var bad = new SortedDictionary<long, BadRow>();
        for (var i = 0; i < _misfits.Count; i++)
        {
            bad[_firstRecord + _misfits[i].RowsBefore + i] = Describe(_misfits[i]);
        }

        // The first column that does not fit stands for the row.
        foreach (var (row, wanted) in _rejected.OrderBy(reject => reject.Wanted))
        {
            var record = RecordOf(row);
            if (_table.IsGuess(_wanted[wanted].Column))
            {
                Refute(row, wanted);
            }

            if (!bad.ContainsKey(record))
            {
                bad[record] = Describe(row, wanted);
            }
        }

        foreach (var (record, row) in bad)
        {
            if (!_table.SetsAside)
            {
                throw new EngineException(new AttemptFailure(FailureKind.BadData, row.Describe(), ProblemCode.BadRow.Word));
            }

            _table.SetAside(record, row);
        }
    }

    private void Refute(int row, int wanted)
    {
        if (_table.Refuted is not { } hear)
        {
            throw new GuessRefutedException(Describe(row, wanted));
        }

        hear(_wanted[wanted].Column, System.Text.Encoding.UTF8.GetString(ValueOf(row, wanted)));
    }

    private BadRow Describe(Misfit misfit) => _reader.Describe(misfit.Start, misfit.End, null, default, null, misfit.Fault switch
    {
        MisfitFault.OpenQuote => "A quote is opened and never closed.",
        MisfitFault.TextBehindQuote => "Text follows a closing quote.",
        _ => $"The record has {misfit.Fields} {(misfit.Fields == 1 ? "field" : "fields")} where {_table.TextColumns.Count} are "
            + "expected.",
    });

    private BadRow Describe(int row, int wanted)
    {
        var start = _bounds.Records[row];
        var end = RecordEnd(row);
        var column = _table.TextColumns[_wanted[wanted].Column];
        return _reader.Describe(start, end, column.Name, ValueOf(row, wanted), column.Declared, column.Spelling);
    }

    private ReadOnlySpan<byte> ValueOf(int row, int wanted)
    {
        var value = _reader.Window.Span(_bounds.Starts(wanted)[row], _bounds.Ends(wanted)[row]);
        return _table.Form.Quote is { } quote && value.Length >= 2 && value[0] == quote ? value[1..^1] : value;
    }

    // Up to the start of the record behind it, without the line end.
    private int RecordEnd(int row)
    {
        var end = row + 1 < _rows ? _bounds.Records[row + 1] : _batch.End;
        var start = _bounds.Records[row];
        foreach (var misfit in _misfits)
        {
            if (misfit.Start > start && misfit.Start < end)
            {
                end = misfit.Start;
            }
        }

        return start + _reader.Window.Span(start, end).TrimEnd("\r\n"u8).Length;
    }

    private void NumberRecords()
    {
        if (_recordVectors.Length > 0)
        {
            _recordNumbers = [.. Enumerable.Range(0, _rows).Select(RecordOf)];
        }
    }

    private void FillRecords(DataChunk chunk)
    {
        foreach (var vector in _recordVectors)
        {
            var values = (long*)chunk.Vector(vector).Data;
            for (var row = 0; row < _rows; row++)
            {
                values[row] = _recordNumbers![row];
            }
        }
    }

    /// <summary>A column that is read, and where its values go.</summary>
    private sealed class WantedColumn(int column, TextTable table, TextArena arena, int[] vectors, int rows) : IDisposable
    {
        private readonly int _bytes = table.TextColumns[column].Native.Bytes;
        private nint _scratch;

        public int Column { get; } = column;

        public ColumnReader Reader { get; } = table.TextColumns[column].NewReader(table.Form, arena);

        public int[] Vectors { get; } = vectors;

        /// <summary>Memory for values that are only checked.</summary>
        public ColumnVector Scratch()
        {
            var values = (nuint)(rows * _bytes);
            if (_scratch == 0)
            {
                _scratch = (nint)NativeMemory.Alloc(values + (nuint)(rows / 8) + 8);
            }

            return new ColumnVector(_scratch, (ulong*)(_scratch + (nint)values));
        }

        public void Dispose()
        {
            NativeMemory.Free((void*)_scratch);
            _scratch = 0;
        }
    }
}
