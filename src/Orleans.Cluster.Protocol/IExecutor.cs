using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>
/// What an executor process does for the silo that started it, called over its standard input and output. One task runs at a
/// time; the other calls may come beside it. An error that belongs to the request comes back as a value
/// (<see cref="TaskOutcome"/>, <see cref="EngineAnswer{T}"/>); an exception means that the executor itself failed.
/// </summary>
public interface IExecutor
{
    /// <summary>Sets the moment past which the executor ends itself, counted from now. The silo renews it well before.</summary>
    Task RenewAsync(double leaseSeconds, CancellationToken cancellationToken);

    /// <summary>Finds format, dialect, compression, one schema for all files, and row counts where they are free.</summary>
    Task<EngineAnswer<DatasetProbe>> ProbeAsync(ProbeRequest request, CancellationToken cancellationToken);

    /// <summary>Moves byte offsets of one text file to starts of records, and counts the records between them.</summary>
    Task<EngineAnswer<IReadOnlyList<AlignedRange>>> AlignAsync(AlignRequest request, CancellationToken cancellationToken);

    /// <summary>Holds a condition against the statistics of Parquet row groups.</summary>
    Task<EngineAnswer<JudgedRowGroups>> JudgeAsync(RowGroupQuestion question, CancellationToken cancellationToken);

    /// <summary>Parses exactly one SELECT into DuckDB's own tree (<c>json_serialize_sql</c>); nothing is looked up.</summary>
    Task<EngineAnswer<string>> ParseAsync(string sql, CancellationToken cancellationToken);

    /// <summary>
    /// Turns a tree of <see cref="ParseAsync"/>, possibly rewritten, back into text (<c>json_deserialize_sql</c>).
    /// </summary>
    Task<EngineAnswer<string>> RenderAsync(string tree, CancellationToken cancellationToken);

    /// <summary>Binds a query against empty tables of the given columns and answers its result columns.</summary>
    Task<EngineAnswer<IReadOnlyList<ColumnSchema>>> BindAsync(BindRequest request, CancellationToken cancellationToken);

    /// <summary>Runs one attempt to its end. Cancelling ends the query and leaves no file.</summary>
    Task<TaskOutcome> RunAsync(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Writes a page of result rows to a file in the form that a client asked for.</summary>
    Task<EngineAnswer<ExportedRows>> ExportAsync(ExportRequest request, CancellationToken cancellationToken);
}

/// <summary>Either a value or the reason that there is none.</summary>
public sealed record EngineAnswer<T>(T? Value, AttemptFailure? Failure)
{
    /// <summary>The value.</summary>
    /// <exception cref="ClusterException">There is none; the exception has the failure's code and message.</exception>
    public T Get() => Failure is null ? Value! : throw new ClusterException(Failure.ProblemCode, Failure.Message);
}

/// <summary>Makes answers.</summary>
public static class EngineAnswer
{
    /// <summary>An answer with a value.</summary>
    public static EngineAnswer<T> Of<T>(T value) => new(value, null);

    /// <summary>An answer without one.</summary>
    public static EngineAnswer<T> Fail<T>(AttemptFailure failure) => new(default, failure);
}

/// <summary>Empty tables, and a query to bind against them.</summary>
public sealed record BindRequest(IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> Tables, string Sql);
