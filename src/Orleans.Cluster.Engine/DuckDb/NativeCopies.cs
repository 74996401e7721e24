using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>Calls of the engine's C interface for what COPY writes by, and for vectors whose values have parts.</summary>
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

    [DllImport(Library, EntryPoint = "duckdb_list_vector_get_child")]
    public static extern nint ListChild(nint vector);

    [DllImport(Library, EntryPoint = "duckdb_list_vector_get_size")]
    public static extern ulong ListSize(nint vector);

    [DllImport(Library, EntryPoint = "duckdb_list_vector_reserve")]
    public static extern int ReserveList(nint vector, ulong size);

    [DllImport(Library, EntryPoint = "duckdb_list_vector_set_size")]
    public static extern int SetListSize(nint vector, ulong size);

    [DllImport(Library, EntryPoint = "duckdb_struct_vector_get_child")]
    public static extern nint StructChild(nint vector, ulong index);

    [DllImport(Library, EntryPoint = "duckdb_array_vector_get_child")]
    public static extern nint ArrayChild(nint vector);

    [DllImport(Library, EntryPoint = "duckdb_create_list_type")]
    public static extern nint CreateList(nint element);

    [DllImport(Library, EntryPoint = "duckdb_create_array_type")]
    public static extern nint CreateArray(nint element, ulong length);

    [DllImport(Library, EntryPoint = "duckdb_create_map_type")]
    public static extern nint CreateMap(nint key, nint value);

    [DllImport(Library, EntryPoint = "duckdb_create_struct_type")]
    public static extern nint CreateStruct(nint* members, byte** names, ulong count);

    [DllImport(Library, EntryPoint = "duckdb_create_vector")]
    public static extern nint CreateVector(nint type, ulong capacity);

    [DllImport(Library, EntryPoint = "duckdb_destroy_vector")]
    public static extern void DestroyVector(ref nint vector);

    [DllImport(Library, EntryPoint = "duckdb_create_selection_vector")]
    public static extern nint CreateSelection(ulong size);

    [DllImport(Library, EntryPoint = "duckdb_destroy_selection_vector")]
    public static extern void DestroySelection(nint selection);

    [DllImport(Library, EntryPoint = "duckdb_selection_vector_get_data_ptr")]
    public static extern uint* SelectionData(nint selection);

    [DllImport(Library, EntryPoint = "duckdb_vector_copy_sel")]
    public static extern void CopySelected(
        nint source, nint target, nint selection, ulong count, ulong sourceOffset, ulong targetOffset);
}
