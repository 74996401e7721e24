namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>A table that a query of one session can name, and whose rows this process makes.</summary>
internal abstract class TableFunction
{
    /// <summary>Name that queries call it by, without arguments.</summary>
    public abstract string Name { get; }

    /// <summary>Its columns.</summary>
    public abstract IReadOnlyList<TableFunctionColumn> Columns { get; }

    /// <summary>Rows, where they are known, for the engine's plans.</summary>
    public virtual long? Rows => null;

    /// <summary>Begins a scan.</summary>
    /// <param name="projected">
    /// Numbers of the columns that it fills, in the order of its vectors; -1 for one that is not looked at.
    /// </param>
    public abstract ITableScan Open(IReadOnlyList<int> projected);

    /// <summary>Hears what ended a scan early; the query's own exception has its text alone.</summary>
    public abstract void Fail(Exception exception);
}

/// <summary>A column and its type as the engine's interface numbers it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
internal sealed record TableFunctionColumn(string Name, NativeType Type);

/// <summary>One pass over a table. For one thread at a time.</summary>
internal interface ITableScan : IDisposable
{
    /// <summary>Fills the next rows.</summary>
    /// <returns>Rows filled; 0 at the end.</returns>
    int Next(DataChunk chunk);
}
