using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

using Orleans.Cluster.Engine.Storage;
namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// After a query has failed, looks for the Parquet file that cannot be read: the engine's own words often name none.
/// </summary>
internal static class UnreadableParquet
{
    /// <summary>
    /// The failure of the first slice that cannot be read alone; null when all can, so that the query itself is at fault.
    /// </summary>
    public static EngineException? Find(TaskInputs inputs, DuckDBException failure, CancellationToken cancellationToken)
    {
        foreach (var (scan, _) in inputs.ParquetScans)
        {
            using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with
            {
                MemoryBytes = inputs.EngineMemoryBytes,
                Files = [.. scan.Slices.Select(slice => OpenSources.Name(slice.File.Stamp.Path))],
            });
            foreach (var slice in scan.Slices)
            {
                try
                {
                    session.Execute(
                        $"SELECT max(hash(s)) FROM ({ParquetSql.SelectRange(scan, Read(scan), slice)}) AS s", cancellationToken);
                }
                catch (DuckDBException e)
                {
                    return new EngineException(
                        FailureKind.SourceUnavailable,
                        $"{slice.File.Stamp.Path} cannot be read: {DuckDbErrors.ToFailure(e).Message}",
                        ProblemCode.DatasetNotReadable.Word, failure);
                }
            }
        }

        return null;
    }

    // What the query does not use need not be there: of an object only the rest was brought.
    private static IReadOnlyList<ColumnSchema> Read(ScanInput scan) => scan.UsedColumns is not { } used
        ? scan.Columns
        : used.Count == 0 ? [.. scan.Columns.Take(1)]
        : [.. ColumnNames.Of(scan.Columns, used)];
}
