namespace Orleans.Cluster.Planning.Queries;

/// <summary>Values that an aggregate is of.</summary>
public enum AggregateOperand
{
    /// <summary>Values of any type.</summary>
    Any = 0,

    /// <summary>Numbers.</summary>
    Numbers = 1,

    /// <summary>True and false.</summary>
    Booleans = 2,
}

/// <summary>A function that the operations <c>aggregate</c> and <c>pivot</c> take by name.</summary>
/// <param name="Name">Its name on the wire and in SQL.</param>
/// <param name="Columns">How many columns it is of.</param>
/// <param name="Operand">What these hold.</param>
/// <param name="Meaning">What it gives, one phrase.</param>
/// <param name="IsOfPivot">Whether a cell of <c>pivot</c> can be made with it.</param>
public sealed record AggregateNote(string Name, int Columns, AggregateOperand Operand, string Meaning, bool IsOfPivot = false);

/// <summary>
/// The functions of <c>aggregate</c> and <c>pivot</c>: the form of a request, its query and the reference go by this list.
/// </summary>
public static class AggregateCatalogue
{
    /// <summary>All of them, the plain ones first.</summary>
    public static IReadOnlyList<AggregateNote> All { get; } =
    [
        new("count", 1, AggregateOperand.Any, "rows, or the values of a column that are not NULL", IsOfPivot: true),
        new("sum", 1, AggregateOperand.Numbers, "sum", IsOfPivot: true),
        new("avg", 1, AggregateOperand.Numbers, "arithmetic mean; also of dates and times", IsOfPivot: true),
        new("min", 1, AggregateOperand.Any, "smallest value", IsOfPivot: true),
        new("max", 1, AggregateOperand.Any, "largest value", IsOfPivot: true),
        new("stddev_samp", 1, AggregateOperand.Numbers, "standard deviation of a sample"),
        new("stddev_pop", 1, AggregateOperand.Numbers, "standard deviation of a population"),
        new("var_samp", 1, AggregateOperand.Numbers, "variance of a sample"),
        new("var_pop", 1, AggregateOperand.Numbers, "variance of a population"),
        new("median", 1, AggregateOperand.Any, "median, between the two middle values of an even number"),
        new("quantile_cont", 1, AggregateOperand.Any, "quantile `q`, interpolated"),
        new("mode", 1, AggregateOperand.Any, "most frequent value"),
        new("first", 1, AggregateOperand.Any, "first value in the order of rows", IsOfPivot: true),
        new("last", 1, AggregateOperand.Any, "last value in the order of rows", IsOfPivot: true),
        new("string_agg", 1, AggregateOperand.Any, "texts in the order of rows, joined by `separator`"),
        new("bool_and", 1, AggregateOperand.Booleans, "whether all are true"),
        new("bool_or", 1, AggregateOperand.Booleans, "whether one is true"),
        new("corr", 2, AggregateOperand.Numbers, "correlation of two columns, `y,x`"),
        new("covar_samp", 2, AggregateOperand.Numbers, "covariance of two columns, `y,x`, of a sample"),
    ];

    /// <summary>The function of that name, in lower case; null for none.</summary>
    public static AggregateNote? Find(string name) => All.FirstOrDefault(function => function.Name == name);
}
