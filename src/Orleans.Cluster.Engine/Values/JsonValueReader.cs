using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Values;

/// <summary>Reads back what <see cref="JsonValues"/> wrote: expressions from JSON to a typed value.</summary>
internal static class JsonValueReader
{
    /// <summary>The value; NULL where the JSON is absent or <c>null</c>.</summary>
    public static string Value(string json, ColumnType type) => Value(json, type, 0);

    /// <summary>The value of a field of an object, whose JSON is a text.</summary>
    public static string Field(string json, string name, ColumnType type) =>
        Value($"json_extract({json}, {SqlText.Literal(Pointer(name))})", type, 0);

    private static string Value(string json, ColumnType type, int depth)
    {
        var item = $"y{depth}";
        return type.Kind switch
        {
            ColumnTypeKind.List => List(json, type, item, depth),
            ColumnTypeKind.Array => $"CAST({List(json, type, item, depth)} AS {type})",
            ColumnTypeKind.Map =>
                $"map_from_entries(list_transform(map_entries(CAST({json} AS MAP(VARCHAR, JSON))), lambda {item}: "
                + $"{{'key': {Key($"{item}['key']", type.Parts[0].Type, depth + 1)}, 'value': "
                + $"{Value($"{item}['value']", type.Last, depth + 1)}}}))",
            ColumnTypeKind.Struct => $"CASE WHEN json_type({json}) = 'OBJECT' THEN struct_pack("
                + $"{string.Join(", ", type.Parts.Select(part => Part(json, part, depth)))}) END",
            ColumnTypeKind.Union => throw new System.Diagnostics.UnreachableException($"A result has no {type}."),
            _ => Scalar(json, type.Name),
        };
    }

    private static string Part(string json, ColumnTypePart part, int depth) =>
        $"{SqlText.Name(part.Name)} := {Value($"json_extract({json}, {SqlText.Literal(Pointer(part.Name))})", part.Type, depth)}";

    private static string List(string json, ColumnType type, string item, int depth) =>
        $"list_transform(CAST({json} AS JSON[]), lambda {item}: {Value(item, type.Last, depth + 1)})";

    private static string Key(string text, ColumnType type, int depth) =>
        type.IsNested ? Value($"CAST({text} AS JSON)", type, depth)
        : type.Name == "BLOB" ? $"from_base64({text})"
        : $"CAST({text} AS {type})";

    private static string Scalar(string json, string type) => type switch
    {
        "JSON" => $"CASE WHEN json_type({json}) <> 'NULL' THEN {json} END",
        "VARCHAR" => $"json_extract_string({json}, '$')",
        "BLOB" => $"from_base64(json_extract_string({json}, '$'))",
        _ => $"CAST(json_extract_string({json}, '$') AS {type})",
    };

    private static string Pointer(string name) =>
        "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
