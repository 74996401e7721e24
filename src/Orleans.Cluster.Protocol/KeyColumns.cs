namespace Orleans.Cluster.Protocol;

/// <summary>
/// Columns of a query that only its data knows: one for each value of a key. The task finds them before it runs its query.
/// </summary>
/// <param name="Names">A SELECT of their names as text, in order, over the task's inputs.</param>
/// <param name="Column">The expression of one of them, in which <see cref="Number"/> stands for its number, from 0.</param>
public sealed record KeyColumns(string Names, string Column)
{
    /// <summary>Where they stand in the query, behind other columns. The query has a meaning without them too.</summary>
    public const string Place = "/* columns of the keys */";

    /// <summary>Stands for the number of a column in its expression.</summary>
    public const string Number = "{number}";

    /// <summary>More are refused, since a result of so many columns is a mistake in the choice of the key.</summary>
    public const int Most = 1000;
}
