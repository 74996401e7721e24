namespace Orleans.Cluster.Engine.Probing;

/// <summary>Columns that a file's folders give: <c>.../year=2024/month=05/x.parquet</c>.</summary>
internal static class HiveFolders
{
    /// <summary>Names and values, outermost first; null when there are none or they are not wanted.</summary>
    public static IReadOnlyDictionary<string, string>? Read(string path, bool? wanted)
    {
        if (wanted == false)
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in (Path.GetDirectoryName(path) ?? "").Split('/', '\\'))
        {
            var equals = folder.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                values[folder[..equals]] = Uri.UnescapeDataString(folder[(equals + 1)..]);
            }
        }

        return values.Count == 0 ? null : values;
    }
}
