using System.Text.Unicode;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// One pass over a <see cref="JsonTable"/>, straight into the engine's vectors. A batch ends with the window, so that what its
/// strings point at stays until the engine asks for the next. The first record that is not certain ends it.
/// </summary>
internal sealed unsafe class JsonScan : ITableScan
{
    private readonly JsonTable _table;
    private readonly SliceReader _reader;
    private readonly JsonField[] _fields;
    private readonly JsonRecordReader _records;
    private readonly TextArena _arena = new();
    private readonly int[] _projected;
    private int _limit;
    private long _count;
    private long _countOfSlice;
    private bool _ended;

    /// <param name="table">The table.</param>
    /// <param name="projected">
    /// Columns that the engine wants, in the order of its vectors; -1 for one that it does not look at.
    /// </param>
    public JsonScan(JsonTable table, IReadOnlyList<int> projected)
    {
        _table = table;
        _projected = [.. projected];
        var shape = table.NewShape();
        _fields = [.. table.TextColumns.Zip(
            shape.Fields, (column, field) => JsonField.Of(column, field, table.Layout.UnknownKeys, _arena))];
        foreach (var field in _fields)
        {
            field.Bind(null);
        }

        _records = new JsonRecordReader(
            new JsonKeys([.. shape.Fields.Select(field => field.Key)]), _fields,
            table.Layout.UnknownKeys == Contracts.UnknownKeys.Ignore);
        _reader = new SliceReader(table.Slices, table.Scan.Format, table.WindowBytes);
        _ended = !_reader.NextSlice();
    }

    /// <inheritdoc/>
    public int Next(DataChunk chunk)
    {
        var bound = new Dictionary<int, NativeVector>();
        for (var i = 0; i < _projected.Length; i++)
        {
            if (_projected[i] is >= 0 and var column && bound.TryAdd(column, chunk.Vector(i)))
            {
                _fields[column].Bind(bound[column]);
            }
        }

        var rows = Advance();
        for (var i = 0; i < _projected.Length && rows > 0; i++)
        {
            if (_projected[i] is >= 0 and var column && chunk.Vector(i) is var vector && vector.Data != bound[column].Data)
            {
                Copy(bound[column], vector, rows, _table.TextColumns[column].Native.Bytes);
            }
        }

        return rows;
    }

    /// <summary>Reads the next records.</summary>
    /// <returns>Records read; 0 at the end.</returns>
    /// <exception cref="OddRecordException">One is not certain.</exception>
    public int Advance()
    {
        _arena.Reset();
        while (!_ended)
        {
            var window = _reader.Window;
            var from = window.Start;
            var rows = ReadRecords(window);
            if (!Utf8.IsValid(window.Span(from, window.Start)))
            {
                throw Odd(0);
            }

            if (rows > 0)
            {
                _count += rows;
                _countOfSlice += rows;
                _table.Report(window.Start - from, rows);
                return rows;
            }

            if (!window.IsLast)
            {
                Fill(window);
                continue;
            }

            _table.EndSlice(_reader.Slice, _countOfSlice, _reader.IsLastSlice, _count);
            _countOfSlice = 0;
            _limit = 0;
            _ended = !_reader.NextSlice();
        }

        return 0;
    }

    public void Dispose()
    {
        _reader.Dispose();
        _arena.Dispose();
        foreach (var field in _fields)
        {
            field.Dispose();
        }
    }

    // Records whose end is in the window.
    private void Fill(TextWindow window)
    {
        _reader.Fill();
        _limit = window.IsLast ? window.End : window.Span(0, window.End).LastIndexOf((byte)'\n') + 1;
    }

    private int ReadRecords(TextWindow window)
    {
        var at = window.Text + window.Start;
        var end = window.Text + _limit;
        var rows = 0;
        while (at < end && rows < FieldBounds.MostRows)
        {
            at = JsonTokens.SkipSpace(at);
            var isBlank = *at is (byte)'\n' or (byte)'\r' || at == end;
            if (!isBlank)
            {
                at = _records.Read(at, rows);
                if (at is null)
                {
                    throw Odd(rows);
                }

                rows++;
                at = JsonTokens.SkipSpace(at);
            }

            if (at == end)
            {
                break;
            }

            // A CR alone ends lines too; few files have them.
            at += *at == (byte)'\r' && at[1] == (byte)'\n' ? 1 : 0;
            if (*at++ != (byte)'\n')
            {
                throw Odd(rows);
            }
        }

        window.Start = (int)(at - window.Text);
        return rows;
    }

    private OddRecordException Odd(int rows) => new(_reader.Slice.File.Stamp.Path, _count + rows);

    // Of a column that the engine asked for twice.
    private static void Copy(NativeVector from, NativeVector to, int rows, int bytes)
    {
        Buffer.MemoryCopy((void*)from.Data, (void*)to.Data, rows * bytes, rows * bytes);
        if (from.ExistingValidity() is not 0 and var validity)
        {
            var size = (rows + 63) / 64 * sizeof(ulong);
            Buffer.MemoryCopy((void*)validity, (void*)to.Validity(), size, size);
        }
    }
}
