using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Reads nested values whose fields have names that SQL cannot tell apart, under other names: by their places.</summary>
internal static class NestedNames
{
    /// <summary>A type whose fields have names that can be told apart; itself when it has such.</summary>
    public static ColumnType Mend(ColumnType type) => type.Map(part =>
    {
        if (part.Kind != ColumnTypeKind.Struct)
        {
            return part;
        }

        var names = ColumnNames.Mend([.. part.Parts.Select(field => field.Name)]).Names;
        return part with { Parts = [.. part.Parts.Zip(names, (field, name) => field with { Name = name })] };
    });

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

        if (own.Kind != ColumnTypeKind.Struct)
        {
            var item = $"x{depth}";
            return $"list_transform({value}, lambda {item}: {Read(item, own.Last, read.Last, depth + 1)})";
        }

        var fields = own.Parts.Zip(read.Parts).Select((pair, i) =>
            $"{SqlText.Name(pair.Second.Name)} := "
            + $"{Read($"struct_extract_at({value}, {i + 1})", pair.First.Type, pair.Second.Type, depth)}");
        return $"CASE WHEN {value} IS NOT NULL THEN struct_pack({string.Join(", ", fields)}) END";
    }

    // Names of the two differ somewhere, and lists and structs alone lead to them.
    private static bool IsRenamed(ColumnType own, ColumnType read) => own.Kind switch
    {
        ColumnTypeKind.Struct => own.Parts.Zip(read.Parts)
            .Any(pair => pair.First.Name != pair.Second.Name || IsRenamed(pair.First.Type, pair.Second.Type)),
        ColumnTypeKind.List or ColumnTypeKind.Array => IsRenamed(own.Last, read.Last),
        _ => false,
    };
}
