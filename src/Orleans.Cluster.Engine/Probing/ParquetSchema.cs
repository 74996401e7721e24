using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>From the schemas of Parquet files to the one of a dataset.</summary>
internal static class ParquetSchema
{
    private const int MaxWarnings = 20;

    /// <summary>All columns in order of first appearance.</summary>
    /// <param name="layouts">Each schema that files have, and the first file with it.</param>
    /// <param name="options">What was declared.</param>
    /// <param name="folders">Columns that the files' folders give.</param>
    /// <exception cref="EngineException">The files do not fit together, or a declared column is in none.</exception>
    public static (IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<PlanWarning> Warnings) Unite(
        IReadOnlyList<(IReadOnlyList<ColumnSchema> Columns, string Path)> layouts, SourceOptions options,
        IReadOnlySet<string> folders)
    {
        var declared = new DeclaredColumns(options);
        if (options.Union == FileUnion.Strict)
        {
            RequireSameNames(layouts);
        }

        var order = new List<string>();
        var warnings = new List<PlanWarning>();
        var found = new Dictionary<string, (string Type, string Path)>(StringComparer.OrdinalIgnoreCase);
        foreach (var (columns, path) in layouts)
        {
            foreach (var column in columns)
            {
                if (!found.TryGetValue(column.Name, out var before))
                {
                    order.Add(column.Name);
                    found[column.Name] = (column.Type, path);
                }
                else if (declared.TypeOf(column.Name) is null && before.Type != column.Type)
                {
                    var wider = Wider(column, before, path, options.Union);
                    warnings.Add(
                        new PlanWarning(
                            "widened",
                            $"Column '{column.Name}' is {before.Type} in {before.Path} and {column.Type} in {path}: read as "
                            + $"{wider}."));
                    found[column.Name] = (wider, before.Path);
                }
            }
        }

        declared.RequireAll(order, folders);
        return ([.. order.Select(name => new ColumnSchema(name, declared.TypeOf(name) ?? found[name].Type))],
            [.. warnings.Take(MaxWarnings)]);
    }

    private static string Wider(ColumnSchema column, (string Type, string Path) before, string path, FileUnion union)
    {
        var wider = TypeWidening.Widen(before.Type, column.Type);
        if (union == FileUnion.Widen && wider is not null)
        {
            return wider;
        }

        var advice = wider is null ? "; no type holds both. Declare it in options.columns."
            : $". Declare it in options.columns, or set options.union to WIDEN to read it as {wider}.";
        throw new EngineException(
            FailureKind.BadData, $"Column '{column.Name}' is {before.Type} in {before.Path} and {column.Type} in {path}{advice}",
            ProblemCode.SchemaConflict.Word);
    }

    private static void RequireSameNames(IReadOnlyList<(IReadOnlyList<ColumnSchema> Columns, string Path)> layouts)
    {
        var first = layouts[0];
        foreach (var other in layouts.Skip(1))
        {
            var (here, there) = (Names(first.Columns), Names(other.Columns));
            if (!here.SetEquals(there))
            {
                throw new EngineException(
                    FailureKind.BadData,
                    SchemaDifference.Describe(
                        first.Path, other.Path, [.. here.Where(name => !there.Contains(name))],
                        [.. there.Where(name => !here.Contains(name))]),
                    ProblemCode.SchemaConflict.Word);
            }
        }
    }

    private static HashSet<string> Names(IReadOnlyList<ColumnSchema> columns) =>
        columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
}
