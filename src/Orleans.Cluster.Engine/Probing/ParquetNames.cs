using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Names in Parquet files that the engine mends while it reads: blank ones, and those that differ in case only.
/// </summary>
internal static class ParquetNames
{
    private const int Shown = 5;

    /// <summary>Columns with names of nested fields that SQL can tell apart; the engine mends those of columns alone.</summary>
    public static IReadOnlyList<ColumnSchema> Mend(IReadOnlyList<ColumnSchema> read) => [.. read.Select(Mend)];

    /// <summary>Warnings that name what is read under another name; none when nothing is.</summary>
    /// <param name="session">A session that may read the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="read">Its columns as the engine names them.</param>
    /// <param name="named">The same with other names of nested fields.</param>
    public static IEnumerable<PlanWarning> FindMended(
        DuckDbSession session, string path, IReadOnlyList<ColumnSchema> read, IReadOnlyList<ColumnSchema> named)
    {
        var nodes = session.Query(
            $"SELECT name, coalesce(num_children, 0) FROM parquet_schema({OpenSources.Literal(path)})",
            row => (Name: row.GetString(0), Children: row.GetInt64(1)));
        if (Columns(nodes, path, read) is { } columns)
        {
            yield return columns;
        }

        var renamed = read.Zip(named).FirstOrDefault(pair => pair.First.Type != pair.Second.Type);
        if (renamed is { First: { } written, Second: { } given })
        {
            yield return new PlanWarning(
                "names-mended",
                $"{path} has blank or repeated names of fields: column '{written.Name}' is {written.Type} and is read as "
                + $"{given.Type}.");
        }
        else if (RepeatedField(nodes) is { } name)
        {
            // The engine has told them apart while it read the schema.
            yield return new PlanWarning(
                "names-mended",
                $"{path} has blank or repeated names of fields, such as '{name}': they are read under other names, which the "
                + "column's type shows.");
        }
    }

    // A name among the fields of one struct that is blank, or differs from another by case alone. The schema is a tree in
    // depth-first order.
    private static string? RepeatedField(List<(string Name, long Children)> nodes)
    {
        var open = new Stack<(long Left, HashSet<string> Names)>();
        foreach (var (name, children) in nodes)
        {
            while (open.TryPeek(out var ended) && ended.Left == 0)
            {
                open.Pop();
            }

            if (open.TryPop(out var parent))
            {
                // Columns, the children of the root, have a warning of their own.
                if (open.Count > 0 && (name.Length == 0 || !parent.Names.Add(name)))
                {
                    return name;
                }

                open.Push((parent.Left - 1, parent.Names));
            }

            if (children > 0)
            {
                open.Push((children, new HashSet<string>(StringComparer.OrdinalIgnoreCase)));
            }
        }

        return null;
    }

    private static ColumnSchema Mend(ColumnSchema column)
    {
        if (!column.Type.Contains("STRUCT", StringComparison.Ordinal))
        {
            return column;
        }

        var type = ColumnType.Parse(column.Type);
        var mended = $"{NestedNames.Mend(type)}";
        return mended == $"{type}" ? column : column with { Type = mended };
    }

    private static PlanWarning? Columns(List<(string Name, long Children)> nodes, string path, IReadOnlyList<ColumnSchema> read)
    {
        var written = TopLevel(nodes);
        var mended = written.Zip(read, (from, column) => (From: from, To: column.Name))
            .Where(pair => pair.From != pair.To).ToList();
        if (written.Count != read.Count || mended.Count == 0)
        {
            return null;
        }

        var list = string.Join(", ", mended.Take(Shown).Select(name => $"'{name.From}' is '{name.To}'"));
        return new PlanWarning(
            "names-mended",
            $"{path} has blank or repeated column names: {list}"
            + $"{(mended.Count > Shown ? $", and {mended.Count - Shown} more" : "")}.");
    }

    /// <summary>Names of columns as written.</summary>
    /// <param name="nodes">
    /// The schema, which is a tree in depth-first order: the root, then each column with what is nested in it behind it.
    /// </param>
    public static List<string> TopLevel(List<(string Name, long Children)> nodes)
    {
        var names = new List<string>();
        for (var i = 1; i < nodes.Count;)
        {
            names.Add(nodes[i].Name);
            for (long open = 1; open > 0 && i < nodes.Count; i++)
            {
                open += nodes[i].Children - 1;
            }
        }

        return names;
    }
}
