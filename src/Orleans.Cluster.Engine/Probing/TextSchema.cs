using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>A column of some files as their samples show it; without a value in them it has no type yet.</summary>
internal sealed record FoundColumn(string Name, string? Type);

/// <summary>From the samples of files to the one schema of a dataset of delimited text.</summary>
internal static class TextSchema
{
    /// <summary>Name of the empty column that a delimiter at each line's end makes; nobody sees it.</summary>
    private const string TrailingColumn = "__trailing";

    private const int MaxWarnings = 20;

    /// <summary>What files must have in common for their samples to be looked at together.</summary>
    public static string SignatureOf(TextLayout layout, SourceOptions options) => layout.Header is { } header
        ? string.Join('\u001F', header)
        : $"{layout.Width}{(HasTrailing(layout, options.Columns?.Count ?? 0) ? "+" : "")}";

    /// <summary>Columns of files of one signature.</summary>
    /// <exception cref="EngineException">They have another number of fields than was declared.</exception>
    public static IReadOnlyList<FoundColumn> Find(IReadOnlyList<TextLayout> layouts, TextDialect dialect, SourceOptions options, TypeSniffer sniffer)
    {
        var nulls = dialect.NullValues.ToHashSet(StringComparer.Ordinal);
        var rows = layouts.SelectMany(layout => layout.Rows).Select(row =>
            (IReadOnlyList<string?>)[.. row.Select(field => !field.Quoted && nulls.Contains(field.Text) ? null : field.Text)]);
        var names = Names(layouts[0], options);
        var types = sniffer.Find(rows, layouts[0].Width);
        return [.. names.Select((name, i) => new FoundColumn(name, options.Columns?.GetValueOrDefault(name) ?? types.ElementAtOrDefault(i)))];
    }

    /// <summary>All names in order of first appearance, each under the type that holds all of its samples.</summary>
    /// <param name="found">Columns of each kind of file, and one file that has them.</param>
    /// <param name="options">What was declared.</param>
    /// <exception cref="EngineException">A declared column is in no file.</exception>
    public static (IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<PlanWarning> Warnings) Union(
        IReadOnlyList<(IReadOnlyList<FoundColumn> Columns, string Path)> found, SourceOptions options)
    {
        var order = new List<string>();
        var types = new Dictionary<string, (string? Type, string Path)>(StringComparer.OrdinalIgnoreCase);
        var warnings = new List<PlanWarning>();
        foreach (var (column, path) in found.SelectMany(file => file.Columns.Select(column => (column, file.Path))).Where(item => item.column.Name != TrailingColumn))
        {
            if (!types.TryGetValue(column.Name, out var before))
            {
                order.Add(column.Name);
                types[column.Name] = (column.Type, path);
            }
            else if (before.Type is null)
            {
                types[column.Name] = (column.Type, path);
            }
            else if (column.Type is { } type && type != before.Type)
            {
                var wider = TypeWidening.WidenText(before.Type, type);
                if (wider != before.Type)
                {
                    warnings.Add(new PlanWarning(
                        "widened", $"Column '{column.Name}' is {before.Type} in {before.Path} and {type} in {path}: read as {wider}."));
                    types[column.Name] = (wider, path);
                }
            }
        }

        // A dataset of empty files alone still has the columns that were declared.
        order.AddRange(order.Count == 0 ? options.Columns?.Keys ?? [] : []);
        return Missing(options, types) is { } missing && types.Count > 0
            ? throw new EngineException(
                FailureKind.BadQuery, $"options.columns declares '{missing}', which no file has. Columns: {string.Join(", ", order)}.",
                ErrorCode.ColumnNotFound.Word)
            : ([.. order.Select(name => new ColumnSchema(name, types.GetValueOrDefault(name).Type ?? options.Columns?.GetValueOrDefault(name) ?? "VARCHAR"))],
                [.. warnings.Take(MaxWarnings)]);
    }

    private static string? Missing(SourceOptions options, Dictionary<string, (string? Type, string Path)> types) =>
        (options.Columns?.Keys ?? []).FirstOrDefault(name => !types.ContainsKey(name));

    private static List<string> Names(TextLayout layout, SourceOptions options)
    {
        if (layout.Header is { } header)
        {
            return Distinct(header.Select((name, i) => name.Length > 0 ? name : Default(i, header.Count)));
        }

        var declared = options.Columns?.Keys.ToList() ?? [];
        var trailing = HasTrailing(layout, declared.Count);
        if (declared.Count > 0 && declared.Count != layout.Width && !trailing && layout.Width > 0)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{layout.Sample.File.Path} has {layout.Width} fields in a record where options.columns declares {declared.Count}. "
                + "Declare every column in file order, or check the delimiter.",
                ErrorCode.SchemaConflict.Word);
        }

        return declared.Count > 0 && layout.Width > 0
            ? [.. declared, .. trailing ? new[] { TrailingColumn } : []]
            : [.. Enumerable.Range(0, layout.Width).Select(i => Default(i, layout.Width))];
    }

    private static bool HasTrailing(TextLayout layout, int declared) =>
        declared > 0 && declared == layout.Width - 1 && layout.Rows.All(row => row[^1].Text.Length == 0);

    // As the engine names columns without a header: all numbers of one width, so that they sort.
    private static string Default(int index, int count) =>
        "column" + index.ToString(CultureInfo.InvariantCulture).PadLeft((count - 1).ToString(CultureInfo.InvariantCulture).Length, '0');

    private static List<string> Distinct(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var result = new List<string>();
        foreach (var name in names)
        {
            var unique = name;
            for (var i = 1; !seen.Add(unique); i++)
            {
                unique = $"{name}_{i}";
            }

            result.Add(unique);
        }

        return result;
    }
}
