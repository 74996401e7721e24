using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Reads a nested value whose fields have names that SQL cannot tell apart, under other names: by their places.</summary>
internal static class NestedNames
{
    /// <summary>A type whose fields have names that can be told apart; itself when it has such.</summary>
    public static ColumnType Mend(ColumnType type) => type.Map(part =>
        part.Kind != ColumnTypeKind.Struct || ColumnNames.Mend([.. part.Parts.Select(field => field.Name)]) is not { Mended.Count: > 0, Names: var names }
            ? part
            : part with { Parts = [.. part.Parts.Zip(names, (field, name) => field with { Name = name })] });

    /// <summary>An expression of a value under the names of another type of the same form.</summary>
    /// <param name="value">An expression of the value.</param>
    /// <param name="own">Its type as its file has it.</param>
    /// <param name="read">The same type with the names that are wanted.</param>
    public static string Read(string value, ColumnType own, ColumnType read) => Read(value, own, read, 0);

    private static string Read(string value, ColumnType own, ColumnType read, int depth)
    {
        if (!IsRenamed(own, read))
        {
            return value;
        }

        var item = $"x{depth}";
        return own.Kind switch
        {
            ColumnTypeKind.Struct => $"CASE WHEN {value} IS NOT NULL THEN struct_pack("
                + $"{string.Join(", ", own.Parts.Select((part, i) => $"{SqlText.Name(read.Parts[i].Name)} := {Read($"struct_extract_at({value}, {i + 1})", part.Type, read.Parts[i].Type, depth)}"))}) END",
            _ => $"list_transform({value}, lambda {item}: {Read(item, own.Last, read.Last, depth + 1)})",
        };
    }

    // Names of the two differ somewhere, and lists and structs alone lead to them.
    private static bool IsRenamed(ColumnType own, ColumnType read) => own.Kind == read.Kind && own.Parts.Count == read.Parts.Count && own.Kind switch
    {
        ColumnTypeKind.Struct => own.Parts.Zip(read.Parts).Any(pair => pair.First.Name != pair.Second.Name || IsRenamed(pair.First.Type, pair.Second.Type)),
        ColumnTypeKind.List or ColumnTypeKind.Array => IsRenamed(own.Last, read.Last),
        _ => false,
    };
}
