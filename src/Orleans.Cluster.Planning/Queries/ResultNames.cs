namespace Orleans.Cluster.Planning.Queries;

/// <summary>Names of result columns.</summary>
internal static class ResultNames
{
    /// <summary>
    /// The names, with <c>_1</c>, <c>_2</c>, ... behind those that came before; a file cannot hold one name twice.
    /// </summary>
    public static IReadOnlyList<string> Unique(IEnumerable<string> names)
    {
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var unique = new List<string>();
        foreach (var name in names)
        {
            var candidate = name;
            for (var number = 1; !taken.Add(candidate); number++)
            {
                candidate = $"{name}_{number}";
            }

            unique.Add(candidate);
        }

        return unique;
    }
}
