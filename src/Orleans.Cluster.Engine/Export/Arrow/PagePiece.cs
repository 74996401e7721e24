using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Export.Arrow;

/// <summary>Some of a page's rows that follow each other.</summary>
/// <param name="Sql">A query that answers them, in their order.</param>
/// <param name="Rows">How many there are.</param>
internal sealed record PagePiece(string Sql, long Rows)
{
    /// <summary>Holds the rows that were written against those that were committed.</summary>
    /// <exception cref="EngineException">There are more rows, or fewer.</exception>
    public static void Check(long written, long committed)
    {
        if (written != committed)
        {
            throw new EngineException(
                FailureKind.Internal, $"The files of the result hold {written} rows of the page and not {committed}.");
        }
    }
}
