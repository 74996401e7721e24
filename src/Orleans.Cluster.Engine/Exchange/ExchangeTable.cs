using System.Runtime.ExceptionServices;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Exchange;

/// <summary>Parts of exchange files of one layout, in their order, as a table of a task's session.</summary>
/// <param name="name">Name that queries call it by.</param>
/// <param name="written">Columns of the files.</param>
/// <param name="files">What is read of each.</param>
/// <param name="progress">Hears of bytes and rows that a scan has read.</param>
internal sealed class ExchangeTable(
    string name, IReadOnlyList<ColumnSchema> written, IReadOnlyList<ArtifactRef> files, Action<long, long> progress)
    : TableFunction
{
    public override string Name => name;

    public override IReadOnlyList<TableFunctionColumn> Columns { get; } =
        [.. written.Select((column, i) => new TableFunctionColumn($"c{i}", TypeOf(column)))];

    public override long? Rows => files.Sum(file => file.Rows);

    public IReadOnlyList<ArtifactRef> Files => files;

    /// <summary>What ended a scan early.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    public override ITableScan Open(IReadOnlyList<int> projected) => new ExchangeScan(this, projected);

    public override void Fail(Exception exception) => Failure ??= ExceptionDispatchInfo.Capture(exception);

    /// <summary>Rows of planned columns.</summary>
    public string SelectSql(IReadOnlyList<ColumnSchema> columns) =>
        $"SELECT {string.Join(", ", columns.Select(Select))} FROM {name}()";

    public void Report(long bytes, long rows) => progress(bytes, rows);

    private string Select(ColumnSchema planned)
    {
        for (var i = 0; i < written.Count; i++)
        {
            if (string.Equals(written[i].Name, planned.Name, StringComparison.OrdinalIgnoreCase))
            {
                return $"CAST(c{i} AS {planned.Type}) AS {SqlText.Name(planned.Name)}";
            }
        }

        throw new EngineException(
            FailureKind.Internal, $"An earlier stage was to write column {planned.Name}, and did not: {files[0].Path}.");
    }

    private static NativeType TypeOf(ColumnSchema column) => ExchangeType.Of(column.Type)
        ?? throw new EngineException(FailureKind.Internal, $"No exchange file can have {column.Name} as {column.Type}.");
}
