using System.Globalization;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Names with their numbers compared as numbers: <c>data_2</c> before <c>data_10</c>.</summary>
internal sealed class NaturalOrder : IComparer<string>
{
    private static readonly StringComparer Comparer = StringComparer.Create(
        CultureInfo.InvariantCulture, CompareOptions.NumericOrdering);

    public static NaturalOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var natural = Comparer.Compare(x, y);
        return natural != 0 ? natural : string.CompareOrdinal(x, y);
    }
}
