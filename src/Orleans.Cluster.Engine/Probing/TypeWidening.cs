namespace Orleans.Cluster.Engine.Probing;

/// <summary>One type that holds the values of two.</summary>
internal static class TypeWidening
{
    private static readonly string[] Integers = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"];

    /// <summary>The wider type, or null when none holds both without changing what a value means.</summary>
    public static string? Widen(string a, string b)
    {
        if (a == b)
        {
            return a;
        }

        var (i, j) = (Array.IndexOf(Integers, a), Array.IndexOf(Integers, b));
        if (i >= 0 && j >= 0)
        {
            return Integers[Math.Max(i, j)];
        }

        return (Order(a, b), i >= 0 || j >= 0) switch
        {
            (("DOUBLE", "FLOAT"), _) => "DOUBLE",
            (("DATE", "TIMESTAMP"), _) => "TIMESTAMP",
            (("DATE", "TIMESTAMP_NS"), _) => "TIMESTAMP_NS",
            (var (first, second), true) when first is "DOUBLE" or "FLOAT" || second is "DOUBLE" or "FLOAT" => "DOUBLE",
            _ => null,
        };
    }

    /// <summary>The wider type of text columns, whose last resort is VARCHAR: every text is one.</summary>
    public static string WidenText(string a, string b) => Widen(a, b) ?? "VARCHAR";

    private static (string First, string Second) Order(string a, string b) => string.CompareOrdinal(a, b) <= 0 ? (a, b) : (b, a);
}
