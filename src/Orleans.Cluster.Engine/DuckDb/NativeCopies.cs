using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>Calls of the engine's C interface for what COPY writes by.</summary>
internal static unsafe class NativeCopies
{
    private const string Library = "duckdb";

    [DllImport(Library, EntryPoint = "duckdb_create_copy_function")]
    public static extern nint Create();

    [DllImport(Library, EntryPoint = "duckdb_destroy_copy_function")]
    public static extern void Destroy(ref nint function);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_name")]
    public static extern void SetName(nint function, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_extra_info")]
    public static extern void SetExtraInfo(nint function, nint info, delegate* unmanaged[Cdecl]<nint, void> destroy);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_bind")]
    public static extern void SetBind(nint function, delegate* unmanaged[Cdecl]<nint, void> bind);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_global_init")]
    public static extern void SetInit(nint function, delegate* unmanaged[Cdecl]<nint, void> init);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_sink")]
    public static extern void SetSink(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> sink);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_set_finalize")]
    public static extern void SetFinalize(nint function, delegate* unmanaged[Cdecl]<nint, void> finalize);

    [DllImport(Library, EntryPoint = "duckdb_register_copy_function")]
    public static extern int Register(nint connection, nint function);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_sink_get_extra_info")]
    public static extern nint SinkExtraInfo(nint info);

    [DllImport(Library, EntryPoint = "duckdb_copy_function_sink_set_error")]
    public static extern void SetSinkError(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string error);

    [DllImport(Library, EntryPoint = "duckdb_data_chunk_get_size")]
    public static extern ulong ChunkSize(nint chunk);
}
