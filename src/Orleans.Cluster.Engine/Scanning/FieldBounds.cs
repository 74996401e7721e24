using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Where the wanted fields of a batch of rows begin and end in a window of text, column by column, outside the collected heap.
/// </summary>
internal sealed unsafe class FieldBounds : IDisposable
{
    /// <summary>Rows that the engine takes at once.</summary>
    public const int MostRows = 2048;

    // Tables with thousands of wanted columns take fewer rows at a time, so that the bounds stay within this.
    private const int MostBytes = 16 << 20;
    private const int LeastRows = 64;

    private readonly int _capacity;
    private int* _starts;
    private int* _ends;
    private int* _records;

    public FieldBounds(int fields)
    {
        Fields = fields;
        _capacity = RowsFor(fields);
        _starts = (int*)NativeMemory.Alloc((nuint)Math.Max(fields, 1) * (nuint)_capacity, sizeof(int));
        _ends = (int*)NativeMemory.Alloc((nuint)Math.Max(fields, 1) * (nuint)_capacity, sizeof(int));
        _records = (int*)NativeMemory.Alloc((nuint)_capacity, sizeof(int));
    }

    /// <summary>Rows that a batch has at most.</summary>
    public static int RowsFor(int fields) => Math.Clamp(MostBytes / (2 * sizeof(int) * Math.Max(fields, 1)), LeastRows, MostRows);

    /// <summary>Wanted fields of a row.</summary>
    public int Fields { get; }

    /// <summary>Rows that fit.</summary>
    public int Capacity => _capacity;

    /// <summary>Where each row begins.</summary>
    public int* Records => _records;

    /// <summary>Where a wanted field of each row begins; at the quote, if it is quoted.</summary>
    public int* Starts(int field) => _starts + ((nint)field * _capacity);

    /// <summary>Behind the last byte of a wanted field of each row; behind the closing quote, if it is quoted.</summary>
    public int* Ends(int field) => _ends + ((nint)field * _capacity);

    /// <summary>Takes rows out; those behind them move up.</summary>
    /// <param name="rows">Rows that there are.</param>
    /// <param name="dropped">Numbers of rows, rising.</param>
    public void Drop(int rows, IReadOnlyList<int> dropped)
    {
        for (var field = 0; field < Fields; field++)
        {
            Drop(Starts(field), rows, dropped);
            Drop(Ends(field), rows, dropped);
        }

        Drop(_records, rows, dropped);
    }

    public void Dispose()
    {
        NativeMemory.Free(_starts);
        NativeMemory.Free(_ends);
        NativeMemory.Free(_records);
        _starts = _ends = _records = null;
    }

    private static void Drop(int* values, int rows, IReadOnlyList<int> dropped)
    {
        var (to, next) = (0, 0);
        for (var row = 0; row < rows; row++)
        {
            if (next < dropped.Count && dropped[next] == row)
            {
                next++;
                continue;
            }

            values[to++] = values[row];
        }
    }
}
