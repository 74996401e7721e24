namespace Orleans.Cluster.Contracts;

/// <summary>Bounds of texts and numbers in operations' parameters, which the gateway keeps and the reference tells.</summary>
public static class ParameterBounds
{
    /// <summary>Characters of a column's name.</summary>
    public const int MaxNameLength = 1024;

    /// <summary>Characters of a SQL expression or query.</summary>
    public const int MaxSqlLength = 1_000_000;

    /// <summary>Largest whole number, as text: attributes of bounds would round it as a number.</summary>
    public const string LargestNumber = "9223372036854775807";
}
