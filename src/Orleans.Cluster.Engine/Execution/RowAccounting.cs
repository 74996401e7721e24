using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Whether the engine read every staged record: a reader that drops rows in silence must not commit.</summary>
internal static class RowAccounting
{
    /// <exception cref="EngineException">A scan of a staged file made another number of rows than the file has records.</exception>
    public static void Check(TaskInputs inputs, string query, QueryProfile profile)
    {
        // A limit ends a scan early on purpose; then the number says nothing.
        if (query.Contains("LIMIT", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        foreach (var table in inputs.StagedTables)
        {
            var scans = profile.Scans.Where(scan => scan.Description.Contains(table.File.Path, StringComparison.Ordinal));
            if (scans.FirstOrDefault(scan => scan.Rows > table.Staged.Rows) is { } more)
            {
                throw new EngineException(
                    FailureKind.Internal,
                    $"The engine read {more.Rows} rows out of {table.Staged.Rows} records of {table.Slices[0].File.Stamp.Path}. Nothing was committed.");
            }
        }
    }
}
