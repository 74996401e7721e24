using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Cli.Demo;

/// <summary>Compares the cluster's result with the sums that were kept while the table was written.</summary>
internal static class DemoCheck
{
    private const double Tolerance = 1e-9;

    /// <returns>The first difference in words; null when all groups are equal.</returns>
    public static string? FindDifference(ResultRows result, IReadOnlyDictionary<(string Gene, string Tissue), GroupSums> expected)
    {
        if (result.Rows.Count != expected.Count)
        {
            return $"{result.Rows.Count} groups instead of {expected.Count}";
        }

        foreach (var row in result.Rows)
        {
            var key = (row[0].GetString()!, row[1].GetString()!);
            if (!expected.TryGetValue(key, out var sums))
            {
                return $"an unknown group {key}";
            }

            if (Whole(row[2]) != sums.Rows || Whole(row[3]) != sums.Count
                || Math.Abs(row[4].GetDouble() - sums.MeanTpm) > Tolerance * sums.MeanTpm)
            {
                return $"group {key}: {row[2]} rows, count {row[3]}, mean {row[4]} instead of {sums}";
            }
        }

        return null;
    }

    /// <summary>Whole numbers come as JSON numbers, or as strings when their type can hold more than JSON can.</summary>
    private static long Whole(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? long.Parse(value.GetString()!, CultureInfo.InvariantCulture) : value.GetInt64();
}
