using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Turns the fields of one column into a vector of the engine.</summary>
internal abstract unsafe class ColumnReader
{
    /// <summary>Reads the fields of a batch.</summary>
    /// <param name="text">The window that the bounds are in.</param>
    /// <param name="starts">Where each field begins.</param>
    /// <param name="ends">Where each ends.</param>
    /// <param name="rows">How many there are.</param>
    /// <param name="vector">Takes the values.</param>
    /// <param name="rejected">Takes the numbers of the rows whose value does not fit.</param>
    public abstract void Read(byte* text, int* starts, int* ends, int rows, ColumnVector vector, List<int> rejected);
}

/// <summary>
/// Memory for the values of one column: a vector of the engine, or, for a column that is only checked, memory of our own.
/// </summary>
internal readonly unsafe struct ColumnVector
{
    private readonly NativeVector _vector;
    private readonly ulong* _own;

    public ColumnVector(NativeVector vector) => (_vector, Data) = (vector, vector.Data);

    public ColumnVector(nint data, ulong* validity)
    {
        Data = data;
        _own = validity;
    }

    /// <summary>The values.</summary>
    public nint Data { get; }

    /// <summary>Bits of the rows that are not NULL, all set when they are asked for the first time.</summary>
    public ulong* Validity() => _own is null ? (ulong*)_vector.Validity() : _own;

    /// <summary>Sets all bits, for the values to be read once more.</summary>
    public void Clear(int rows)
    {
        var bits = _own is null ? (ulong*)_vector.ExistingValidity() : _own;
        for (var i = 0; bits is not null && i <= (rows - 1) / 64; i++)
        {
            bits[i] = ulong.MaxValue;
        }
    }
}
