namespace Orleans.Cluster.Engine.Probing;

/// <summary>Words for files that do not have the same columns.</summary>
internal static class SchemaDifference
{
    private const int Shown = 5;

    /// <summary>One sentence that names both files and what differs, and one that says what to do.</summary>
    /// <param name="first">The file that others are compared with.</param>
    /// <param name="other">The file that differs.</param>
    /// <param name="lacks">Columns that the other does not have.</param>
    /// <param name="brings">Columns that only the other has.</param>
    public static string Describe(string first, string other, IReadOnlyList<string> lacks, IReadOnlyList<string> brings)
    {
        var parts = new[] { (Names: lacks, Path: first), (Names: brings, Path: other) }.Where(part => part.Names.Count > 0)
            .Select(part => $"only {part.Path} has {List(part.Names)}");
        return $"{first} and {other} do not have the same columns: {string.Join(", and ", parts)}. "
            + "Set options.union to BY_NAME if a column that a file lacks is NULL there.";
    }

    private static string List(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(Shown).Select(name => $"'{name}'"))
        + (names.Count > Shown ? $" and {names.Count - Shown} more" : "");
}
