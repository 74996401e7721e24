using System.Runtime.CompilerServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>Vectors of one batch of rows, which a scan fills.</summary>
internal readonly struct DataChunk(nint handle)
{
    /// <summary>The vector of a projected column.</summary>
    public NativeVector Vector(int index) => NativeVector.Of(NativeTables.GetVector(handle, (ulong)index));
}

/// <summary>One vector: its values, and which of them are not NULL.</summary>
/// <param name="handle">The engine's vector.</param>
/// <param name="data">Memory of its values.</param>
internal readonly struct NativeVector(nint handle, nint data)
{
    /// <summary>The engine's vector.</summary>
    public nint Handle => handle;

    /// <summary>Memory of its values.</summary>
    public nint Data => data;

    /// <summary>A vector of the engine's.</summary>
    public static NativeVector Of(nint handle) => new(handle, NativeTables.GetData(handle));

    /// <summary>Bits of the rows that are not NULL, all set when they are asked for the first time.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)] // The frame of its call would be in the loop over the values.
    public nint Validity()
    {
        NativeTables.EnsureValidity(handle);
        return NativeTables.GetValidity(handle);
    }

    /// <summary>The bits, if somebody asked for them; 0 otherwise.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public nint ExistingValidity() => NativeTables.GetValidity(handle);
}
