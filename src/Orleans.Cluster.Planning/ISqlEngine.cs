using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning;

/// <summary>
/// The engine's own parser and binder, as the planner needs them, and what files say of themselves: answers depend on the
/// arguments alone. In a silo an executor answers; in a test the engine itself.
/// </summary>
/// <remarks>
/// Each method throws <see cref="ClusterException"/> with <c>query-invalid</c> or <c>column-not-found</c> for text that is wrong.
/// </remarks>
public interface ISqlEngine
{
    /// <summary>Parses exactly one SELECT into the engine's JSON tree.</summary>
    Task<string> Parse(string sql, CancellationToken cancellationToken);

    /// <summary>Turns a tree back into text.</summary>
    Task<string> Render(string tree, CancellationToken cancellationToken);

    /// <summary>Result columns of a query over empty tables.</summary>
    Task<IReadOnlyList<ColumnSchema>> Bind(
        IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken);

    /// <summary>Which row groups of Parquet files may hold rows that meet a condition.</summary>
    /// <exception cref="ClusterException"><c>dataset-not-readable</c>: a file is gone, or another one than it was.</exception>
    Task<JudgedRowGroups> Judge(RowGroupQuestion question, CancellationToken cancellationToken);
}
