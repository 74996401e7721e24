using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;

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

    /// <summary>A dataset of text with the columns of its folders behind its own. A name that the files have themselves stays theirs.</summary>
    public static DatasetProbe AddTo(DatasetProbe probe, SourceOptions options)
    {
        var folders = probe.Files.Select(file => Read(file.Stamp.Path, options.HivePartitioning)).ToList();
        var names = folders.OfType<IReadOnlyDictionary<string, string>>().SelectMany(values => values.Keys)
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(name => !probe.Columns.Any(column => string.Equals(column.Name, name, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        if (names.Count == 0)
        {
            return probe;
        }

        using var sniffer = new TypeSniffer();
        var types = sniffer.Find(folders.Select(values => (IReadOnlyList<string?>)[.. names.Select(name => values?.GetValueOrDefault(name))]), names.Count);
        return probe with
        {
            Columns = [.. probe.Columns, .. names.Select((name, i) => new ColumnSchema(name, options.Columns?.GetValueOrDefault(name) ?? types[i] ?? "VARCHAR"))],
            Files =
            [
                .. probe.Files.Select((file, i) => file with
                {
                    Columns = file.Columns ?? probe.Columns,
                    HiveValues = folders[i]?.Where(pair => names.Contains(pair.Key, StringComparer.OrdinalIgnoreCase))
                        .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase),
                }),
            ],
        };
    }
}
