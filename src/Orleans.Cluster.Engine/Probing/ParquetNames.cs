using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Names in Parquet files that the engine mends while it reads: blank ones, and those that differ in case only.</summary>
internal static class ParquetNames
{
    private const int Shown = 5;

    /// <summary>A warning that names what is read under another name; null when nothing is.</summary>
    /// <param name="session">A session that may read the file.</param>
    /// <param name="path">The file.</param>
    /// <param name="read">Its columns as the engine names them.</param>
    public static PlanWarning? FindMended(DuckDbSession session, string path, IReadOnlyList<ColumnSchema> read)
    {
        var nodes = session.Query(
            $"SELECT name, coalesce(num_children, 0) FROM parquet_schema({OpenSources.Literal(path)})", row => (Name: row.GetString(0), Children: row.GetInt64(1)));
        var written = TopLevel(nodes);
        var mended = written.Zip(read, (from, column) => (From: from, To: column.Name)).Where(pair => pair.From != pair.To).ToList();
        if (written.Count != read.Count || mended.Count == 0)
        {
            return null;
        }

        var list = string.Join(", ", mended.Take(Shown).Select(name => $"'{name.From}' is '{name.To}'"));
        return new PlanWarning(
            "names-mended", $"{path} has blank or repeated column names: {list}{(mended.Count > Shown ? $", and {mended.Count - Shown} more" : "")}.");
    }

    // The schema is a tree in depth-first order: the root, then each column with what is nested in it behind it.
    private static List<string> TopLevel(List<(string Name, long Children)> nodes)
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
