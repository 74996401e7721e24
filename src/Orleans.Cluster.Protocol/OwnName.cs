namespace Orleans.Cluster.Protocol;

/// <summary>
/// Names of columns that the product adds to a user's in its own statements. A user's column of the same name would take the
/// place of the product's, or the other way round, in silence: names with the prefix are refused wherever a user gives one.
/// </summary>
public static class OwnName
{
    /// <summary>What these names begin with. It needs no quotes.</summary>
    public const string Prefix = "__oc_";

    /// <summary>The only column of rows of which no column is wanted.</summary>
    public const string One = Prefix + "one";

    /// <summary>
    /// Whether a user may not give a name. The column of targets is stored in plans under a name without the prefix.
    /// </summary>
    public static bool IsTaken(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)
            || name.Equals(TaskOutput.TargetColumn, StringComparison.OrdinalIgnoreCase);
    }
}
