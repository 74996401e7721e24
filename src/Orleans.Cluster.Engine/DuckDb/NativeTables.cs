using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>
/// Calls of the engine's C interface for table functions, called for each batch of rows, so without the wrappers' delegates.
/// </summary>
internal static unsafe class NativeTables
{
    private const string Library = "duckdb";

    [DllImport(Library, EntryPoint = "duckdb_create_table_function")]
    public static extern nint Create();

    [DllImport(Library, EntryPoint = "duckdb_destroy_table_function")]
    public static extern void Destroy(ref nint function);

    [DllImport(Library, EntryPoint = "duckdb_table_function_set_name")]
    public static extern void SetName(nint function, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [DllImport(Library, EntryPoint = "duckdb_table_function_set_extra_info")]
    public static extern void SetExtraInfo(nint function, nint info, delegate* unmanaged[Cdecl]<nint, void> destroy);

    [DllImport(Library, EntryPoint = "duckdb_table_function_set_bind")]
    public static extern void SetBind(nint function, delegate* unmanaged[Cdecl]<nint, void> bind);

    [DllImport(Library, EntryPoint = "duckdb_table_function_set_init")]
    public static extern void SetInit(nint function, delegate* unmanaged[Cdecl]<nint, void> init);

    [DllImport(Library, EntryPoint = "duckdb_table_function_set_function")]
    public static extern void SetFunction(nint function, delegate* unmanaged[Cdecl]<nint, nint, void> next);

    [DllImport(Library, EntryPoint = "duckdb_table_function_supports_projection_pushdown")]
    public static extern void SupportProjection(nint function, [MarshalAs(UnmanagedType.I1)] bool supported);

    [DllImport(Library, EntryPoint = "duckdb_register_table_function")]
    public static extern int Register(nint connection, nint function);

    [DllImport(Library, EntryPoint = "duckdb_bind_get_extra_info")]
    public static extern nint BindExtraInfo(nint info);

    [DllImport(Library, EntryPoint = "duckdb_bind_add_result_column")]
    public static extern void AddColumn(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, nint type);

    [DllImport(Library, EntryPoint = "duckdb_bind_set_cardinality")]
    public static extern void SetCardinality(nint info, ulong rows, [MarshalAs(UnmanagedType.I1)] bool isExact);

    [DllImport(Library, EntryPoint = "duckdb_bind_set_error")]
    public static extern void SetBindError(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string error);

    [DllImport(Library, EntryPoint = "duckdb_init_get_extra_info")]
    public static extern nint InitExtraInfo(nint info);

    [DllImport(Library, EntryPoint = "duckdb_init_get_column_count")]
    public static extern ulong ColumnCount(nint info);

    [DllImport(Library, EntryPoint = "duckdb_init_get_column_index")]
    public static extern ulong ColumnIndex(nint info, ulong index);

    [DllImport(Library, EntryPoint = "duckdb_init_set_init_data")]
    public static extern void SetInitData(nint info, nint data, delegate* unmanaged[Cdecl]<nint, void> destroy);

    [DllImport(Library, EntryPoint = "duckdb_init_set_max_threads")]
    public static extern void SetMaxThreads(nint info, ulong threads);

    [DllImport(Library, EntryPoint = "duckdb_init_set_error")]
    public static extern void SetInitError(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string error);

    [DllImport(Library, EntryPoint = "duckdb_function_get_init_data")]
    public static extern nint InitData(nint info);

    [DllImport(Library, EntryPoint = "duckdb_function_get_extra_info")]
    public static extern nint FunctionExtraInfo(nint info);

    [DllImport(Library, EntryPoint = "duckdb_function_set_error")]
    public static extern void SetError(nint info, [MarshalAs(UnmanagedType.LPUTF8Str)] string error);

    [DllImport(Library, EntryPoint = "duckdb_create_logical_type")]
    public static extern nint CreateType(int type);

    [DllImport(Library, EntryPoint = "duckdb_create_decimal_type")]
    public static extern nint CreateDecimal(byte width, byte scale);

    [DllImport(Library, EntryPoint = "duckdb_destroy_logical_type")]
    public static extern void DestroyType(ref nint type);

    [DllImport(Library, EntryPoint = "duckdb_data_chunk_get_vector")]
    public static extern nint GetVector(nint chunk, ulong index);

    [DllImport(Library, EntryPoint = "duckdb_data_chunk_set_size")]
    public static extern void SetSize(nint chunk, ulong rows);

    [DllImport(Library, EntryPoint = "duckdb_vector_get_data")]
    public static extern nint GetData(nint vector);

    [DllImport(Library, EntryPoint = "duckdb_vector_ensure_validity_writable")]
    public static extern void EnsureValidity(nint vector);

    [DllImport(Library, EntryPoint = "duckdb_vector_get_validity")]
    public static extern nint GetValidity(nint vector);
}
