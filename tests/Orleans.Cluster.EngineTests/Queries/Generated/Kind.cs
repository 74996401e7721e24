namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>What a generated expression is, as far as the generator must know to put it in a place.</summary>
internal enum Kind
{
    Int,
    Double,
    Text,
    Bool,
    Date,
    List,
    Struct,
    Map,

    /// <summary>Something that is only shown, compared with itself or counted: a row, a document, a decimal.</summary>
    Other,
}

/// <summary>A column that a query can name.</summary>
/// <param name="Text">How it is written, its table before it.</param>
/// <param name="Name">Its own name.</param>
/// <param name="Kind">What it holds.</param>
internal sealed record Column(string Text, string Name, Kind Kind);

/// <summary>A FROM clause: its text, its columns in the order of a star, and the names of its tables.</summary>
internal sealed record Tables(string Text, IReadOnlyList<Column> Columns, IReadOnlyList<string> Names);

/// <summary>A query and the columns of its result.</summary>
internal sealed record Query(string Text, IReadOnlyList<(string Name, Kind Kind)> Columns);
