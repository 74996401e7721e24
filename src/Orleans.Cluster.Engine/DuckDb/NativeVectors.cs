using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>Calls of the engine's C interface for values that have parts: their types, vectors, and copies of these.</summary>
internal static unsafe class NativeVectors
{
    private const string Library = "duckdb";

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
