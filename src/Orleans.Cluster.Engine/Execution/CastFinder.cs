using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Scanning;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Looks for the values of delimited text that the engine cannot cast to a type that is not read here (nested types, intervals,
/// enums, blobs), and tells their tables, whose next scan says where they are.
/// </summary>
internal static class CastFinder
{
    /// <summary>Whether anything was found that the tables did not know.</summary>
    public static bool Find(TaskInputs inputs, CancellationToken cancellationToken)
    {
        var found = false;
        foreach (var table in inputs.TextTables.Where(table => table.HasCasts))
        {
            // Rows that are bad for other reasons would end a scan that does not leave them out.
            var all = new TextTable(table.Name, table.Scan, table.Slices, setsAside: true, static (_, _) => { });
            using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { MemoryBytes = inputs.EngineMemoryBytes });
            session.Register(all);
            foreach (var (index, column) in table.TextColumns.Index().Where(item => item.Item.IsCast))
            {
                var records = session.Query(
                    $"SELECT {TextTable.RecordColumn} FROM {table.Name}() WHERE c{index} IS NOT NULL AND TRY(CAST(c{index} AS "
                    + $"{column.Declared})) IS NULL",
                    row => row.GetInt64(0), cancellationToken);
                foreach (var record in records)
                {
                    found |= table.Refuse(record, index);
                }
            }
        }

        return found;
    }
}
