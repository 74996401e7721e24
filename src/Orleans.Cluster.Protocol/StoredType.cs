using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>Types that a Parquet file does not keep as they are, at any depth, and what stands for them.</summary>
public static class StoredType
{
    /// <summary>
    /// The type that carries values of a type between stages. HUGEINT would silently become DOUBLE in a file; DECIMAL(38,0) keeps
    /// its digits, and a value beyond 38 digits is an error instead of a wrong number.
    /// </summary>
    public static string BetweenStages(string type) => IsPlain(type) ? type : Of(type, Carried);

    /// <summary>The type that a result has. What only the engine has (a union, a variant) is JSON in it.</summary>
    public static string InResult(string type) => IsPlain(type) ? type : Of(type, part => part switch
    {
        { Kind: ColumnTypeKind.Union } or { Name: "VARIANT" } => ColumnType.Scalar("JSON"),
        _ => Carried(part),
    });

    // A type of which nothing is replaced keeps its text: the engine quotes names where they need it alone.
    private static string Of(string type, Func<ColumnType, ColumnType> replace)
    {
        var changed = false;
        var stored = ColumnType.Parse(type).Map(part =>
        {
            var other = replace(part);
            changed |= other != part;
            return other;
        });
        return changed ? $"{stored}" : type;
    }

    private static ColumnType Carried(ColumnType type) => type.Kind switch
    {
        ColumnTypeKind.Scalar => Carried(type.Name) is { } other ? ColumnType.Scalar(other) : type,
        // A struct made from positions cannot be named in a cast.
        ColumnTypeKind.Struct when type.Parts.Any(part => part.Name.Length == 0) => type with
        {
            Parts = [.. type.Parts.Select((part, i) => part.Name.Length == 0 ? part with { Name = $"column{i}" } : part)],
        },
        _ => type,
    };

    private static string? Carried(string scalar) => scalar switch
    {
        "HUGEINT" => "DECIMAL(38,0)",
        "UHUGEINT" or "BIT" or "BIGNUM" or "TIME WITH TIME ZONE" or "INTERVAL" or "\"NULL\"" => "VARCHAR",
        "TIMESTAMP_S" or "TIMESTAMP_MS" => "TIMESTAMP",
        _ when scalar.StartsWith("ENUM", StringComparison.Ordinal) => "VARCHAR",
        _ => null,
    };

    private static bool IsPlain(string type) =>
        type is "VARCHAR" or "BIGINT" or "INTEGER" or "DOUBLE" or "BOOLEAN" or "DATE" or "TIMESTAMP";
}
