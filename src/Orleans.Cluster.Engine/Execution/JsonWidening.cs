using Orleans.Cluster.Engine.Probing;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>A type of JSON that holds values which a sample did not show, as the sample would have had it with them.</summary>
internal static class JsonWidening
{
    private static readonly string[] WholeNumbers =
        ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"];

    /// <summary>The wider type.</summary>
    /// <param name="type">The type of the column, or of a part of it.</param>
    /// <param name="path">Fields down to the value, parted by dots; empty for itself. Lists and maps are passed through.</param>
    /// <param name="values">Values that do not fit; none where they are not known.</param>
    public static ColumnType Widen(ColumnType type, string path, IReadOnlyCollection<string> values)
    {
        var isList = type.Kind is ColumnTypeKind.List or ColumnTypeKind.Array or ColumnTypeKind.Map;
        if (isList && (path.Length > 0 || values.Count > 0))
        {
            var last = type.Parts[^1] with { Type = Widen(type.Last, path, values) };
            return type with { Parts = [.. type.Parts.SkipLast(1), last] };
        }

        if (type.Kind == ColumnTypeKind.Struct && Field(type, path) is { } field)
        {
            var below = path.Length == field.Name.Length ? "" : path[(field.Name.Length + 1)..];
            var wider = field with { Type = Widen(field.Type, below, values) };
            return type with { Parts = [.. type.Parts.Select(part => part == field ? wider : part)] };
        }

        return ColumnType.Scalar(type.IsNested ? "JSON" : Scalar(type.Name, values));
    }

    // The longest name that the path begins with: a name may have dots.
    private static ColumnTypePart? Field(ColumnType type, string path) => type.Parts
        .Where(part => path == part.Name || path.StartsWith(part.Name + ".", StringComparison.Ordinal))
        .MaxBy(part => part.Name.Length);

    private static string Scalar(string type, IReadOnlyCollection<string> values)
    {
        var any = values.Count == 0 ? ValueTypes.None : ValueTypes.All;
        var shared = values.Aggregate(any, (types, value) => types & ValueShape.Of(value));
        if (WholeNumbers.Contains(type) && shared.HasFlag(ValueTypes.Double))
        {
            return "DOUBLE";
        }

        var isTime = type == "DATE" || type.StartsWith("TIME", StringComparison.Ordinal);
        return isTime ? type == "DATE" && shared.HasFlag(ValueTypes.Timestamp) ? "TIMESTAMP" : "VARCHAR" : "JSON";
    }
}
