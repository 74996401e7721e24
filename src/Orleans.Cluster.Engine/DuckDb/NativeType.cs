using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>A type as the engine's C interface numbers it.</summary>
/// <param name="Id">Number of its kind.</param>
/// <param name="Bytes">Size of a value in a vector; 0 where the parts have it.</param>
/// <param name="Width">DECIMAL: digits in all.</param>
/// <param name="Scale">DECIMAL: digits behind the point.</param>
internal sealed record NativeType(NativeTypeId Id, int Bytes, byte Width = 0, byte Scale = 0)
{
    /// <summary>Element of a list or array, key and value of a map, fields of a struct.</summary>
    public IReadOnlyList<NativeTypePart> Parts { get; init; } = [];

    /// <summary>Elements of an array.</summary>
    public int Length { get; init; }

    /// <summary>Whether its values have parts.</summary>
    public bool IsNested => Parts.Count > 0;

    /// <summary>A handle that whoever asks destroys.</summary>
    public unsafe nint Create()
    {
        if (!IsNested)
        {
            return Id == NativeTypeId.Decimal ? NativeTables.CreateDecimal(Width, Scale) : NativeTables.CreateType((int)Id);
        }

        var parts = Parts.Select(part => part.Type.Create()).ToArray();
        try
        {
            return Id switch
            {
                NativeTypeId.List => NativeVectors.CreateList(parts[0]),
                NativeTypeId.Array => NativeVectors.CreateArray(parts[0], (ulong)Length),
                NativeTypeId.Map => NativeVectors.CreateMap(parts[0], parts[1]),
                _ => CreateStruct(parts),
            };
        }
        finally
        {
            foreach (ref var part in parts.AsSpan())
            {
                NativeTables.DestroyType(ref part);
            }
        }
    }

    private unsafe nint CreateStruct(nint[] parts)
    {
        var names = Parts.Select(part => Marshal.StringToCoTaskMemUTF8(part.Name)).ToArray();
        try
        {
            fixed (nint* members = parts)
            fixed (nint* texts = names)
            {
                return NativeVectors.CreateStruct(members, (byte**)texts, (ulong)parts.Length);
            }
        }
        finally
        {
            foreach (var name in names)
            {
                Marshal.FreeCoTaskMem(name);
            }
        }
    }
}

/// <summary>A part of a type; elements, keys and values have no name.</summary>
internal sealed record NativeTypePart(string Name, NativeType Type);

/// <summary>Numbers of <c>duckdb_type</c>.</summary>
internal enum NativeTypeId
{
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    Date = 13,
    Time = 14,
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,
    Decimal = 19,
    TimestampS = 20,
    TimestampMs = 21,
    TimestampNs = 22,
    List = 24,
    Struct = 25,
    Map = 26,
    Uuid = 27,
    TimestampTz = 31,
    UHugeInt = 32,
    Array = 33,
}
