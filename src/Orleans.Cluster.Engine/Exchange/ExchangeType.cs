using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>Types that an exchange file has, as the engine's interface numbers them.</summary>
internal static class ExchangeType
{
    private const int StringBytes = 16;
    private const int EntryBytes = 16;

    /// <summary>
    /// The type that carries values of a type, as text where it is one that is kept as text (JSON); null where none does.
    /// </summary>
    public static NativeType? Of(string type) => Of(ColumnType.Parse(type));

    private static NativeType? Of(ColumnType type)
    {
        if (type.Kind == ColumnTypeKind.Scalar)
        {
            return OfScalar(type.Name);
        }

        var parts = new List<NativeTypePart>();
        foreach (var part in type.Parts)
        {
            if (Of(part.Type) is not { } native)
            {
                return null;
            }

            parts.Add(new NativeTypePart(part.Name, native));
        }

        return type.Kind switch
        {
            ColumnTypeKind.List => new NativeType(NativeTypeId.List, EntryBytes) { Parts = parts },
            ColumnTypeKind.Map => new NativeType(NativeTypeId.Map, EntryBytes) { Parts = parts },
            ColumnTypeKind.Struct when parts.TrueForAll(part => part.Name.Length > 0) =>
                new NativeType(NativeTypeId.Struct, 0) { Parts = parts },
            ColumnTypeKind.Array when int.TryParse(type.Name, out var length) && length > 0 =>
                new NativeType(NativeTypeId.Array, 0) { Parts = parts, Length = length },
            _ => null,
        };
    }

    private static NativeType? OfScalar(string name) => name switch
    {
        "BLOB" => new NativeType(NativeTypeId.Blob, StringBytes),
        "JSON" => new NativeType(NativeTypeId.Varchar, StringBytes),
        _ => TextColumn.Of(new ColumnSchema("", name)) is { IsCast: false } column ? column.Native : null,
    };
}
