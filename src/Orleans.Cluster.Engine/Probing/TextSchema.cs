using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>From the columns of files to the one schema of a dataset of delimited text.</summary>
internal static class TextSchema
{
    private const int MaxWarnings = 20;

    /// <summary>All names in order of first appearance, each under the type that holds all of its samples.</summary>
    /// <param name="files">Columns of the files that have some.</param>
    /// <param name="options">What was declared.</param>
    /// <param name="folders">Columns that the files' folders give.</param>
    /// <exception cref="EngineException">The files do not fit together, or a declared column is in none.</exception>
    public static (IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<PlanWarning> Warnings) Unite(
        IReadOnlyList<TextColumns> files, SourceOptions options, IReadOnlySet<string> folders)
    {
        var declared = new DeclaredColumns(options);
        if (files.Count == 0)
        {
            // A dataset of empty files alone still has the columns that were declared.
            return ([.. declared.Columns.Where(column => !folders.Contains(column.Name))], []);
        }

        if (options.Union == FileUnion.Strict)
        {
            RequireSameNames(files);
        }

        var columns = new Dictionary<string, UnitedColumn>(StringComparer.OrdinalIgnoreCase);
        var order = new List<UnitedColumn>();
        foreach (var file in files)
        {
            for (var i = 0; i < file.Names.Count; i++)
            {
                if (file.Names[i] == TextColumns.Trailing)
                {
                    continue;
                }

                if (!columns.TryGetValue(file.Names[i], out var column))
                {
                    columns[file.Names[i]] = column = new UnitedColumn(file.Names[i], declared.TypeOf(file.Names[i]));
                    order.Add(column);
                }

                column.Add(file.Guesses[i], file.Path, options.Union);
            }
        }

        declared.RequireAll([.. order.Select(column => column.Name)], folders);
        return ([.. order.Select(column => new ColumnSchema(column.Name, column.Type))],
            [.. order.SelectMany(column => column.Warnings()).Take(MaxWarnings)]);
    }

    private static void RequireSameNames(IReadOnlyList<TextColumns> files)
    {
        var first = files[0];
        var names = Set(first.Names);
        foreach (var file in files.Skip(1)
            .Where(file => !ReferenceEquals(file.Names, first.Names) && !file.Names.SequenceEqual(first.Names)))
        {
            var own = Set(file.Names);
            if (own.SetEquals(names))
            {
                continue;
            }

            throw new EngineException(
                FailureKind.BadData,
                SchemaDifference.Describe(
                    first.Path, file.Path, [.. names.Where(name => !own.Contains(name))],
                    [.. own.Where(name => !names.Contains(name))]),
                ProblemCode.SchemaConflict.Word);
        }
    }

    private static HashSet<string> Set(IEnumerable<string> names) =>
        new(names.Where(name => name != TextColumns.Trailing), StringComparer.OrdinalIgnoreCase);
}
