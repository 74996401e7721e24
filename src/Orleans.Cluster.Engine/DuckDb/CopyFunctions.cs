using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DuckDB.NET.Native;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Rows of a statement <c>COPY (...) TO '...' (FORMAT name)</c> of one session, which this process takes.
/// </summary>
internal interface IRowSink
{
    /// <summary>Name of the format.</summary>
    string Name { get; }

    /// <summary>Takes the next rows, in their order; the vectors are flat and go away with the call.</summary>
    void Take(DataChunk chunk, int rows);

    /// <summary>Hears what ended the statement; its own exception has the text alone.</summary>
    void Fail(Exception exception);
}

/// <summary>
/// Makes a <see cref="IRowSink"/> known to a connection. As with table functions, no exception may leave a callback.
/// </summary>
internal static unsafe class CopyFunctions
{
    /// <summary>Registers a sink under its name.</summary>
    /// <exception cref="InvalidOperationException">The engine refuses it.</exception>
    public static void Register(DuckDBNativeConnection connection, IRowSink sink)
    {
        var function = NativeCopies.Create();
        var held = false;
        try
        {
            NativeCopies.SetName(function, sink.Name);
            NativeCopies.SetExtraInfo(function, GCHandle.ToIntPtr(GCHandle.Alloc(sink)), &Release);
            NativeCopies.SetBind(function, &Nothing);
            NativeCopies.SetInit(function, &Nothing);
            NativeCopies.SetSink(function, &Take);
            NativeCopies.SetFinalize(function, &Nothing);
            connection.DangerousAddRef(ref held);
            if (NativeCopies.Register(connection.DangerousGetHandle(), function) != 0)
            {
                throw new InvalidOperationException($"The engine refuses the copy function {sink.Name}.");
            }
        }
        finally
        {
            if (held)
            {
                connection.DangerousRelease();
            }

            NativeCopies.Destroy(ref function);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Release(nint handle) => GCHandle.FromIntPtr(handle).Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Nothing(nint info)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Take(nint info, nint chunk)
    {
        var sink = (IRowSink)GCHandle.FromIntPtr(NativeCopies.SinkExtraInfo(info)).Target!;
        try
        {
            sink.Take(new DataChunk(chunk), (int)NativeCopies.ChunkSize(chunk));
        }
        catch (Exception e)
        {
            sink.Fail(e);
            NativeCopies.SetSinkError(info, e.Message);
        }
    }
}
