using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Contracts;

/// <summary>
/// Parameters of <c>aggregate</c>. Neither groups nor aggregates: row count, and count, sum, mean, min and max of each numeric
/// column.
/// </summary>
public sealed record AggregateParameters
{
    /// <summary>Columns to group by; empty for one row over all.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    /// <summary>What to compute for each group.</summary>
    public IReadOnlyList<AggregateSpec> Aggregates { get; init; } = [];

    /// <summary>Condition on rows, a SQL expression.</summary>
    [StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)]
    public string? Where { get; init; }

    /// <summary>Condition on groups, a SQL expression over group columns, aggregates and their names.</summary>
    [StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)]
    public string? Having { get; init; }

    /// <summary>Order of the result; by group columns when empty and there are groups.</summary>
    public IReadOnlyList<OrderSpec> OrderBy { get; init; } = [];

    /// <summary>At most so many rows.</summary>
    [Range(typeof(long), "0", ParameterBounds.LargestNumber)]
    public long? Limit { get; init; }
}

/// <summary>One aggregate of a group.</summary>
public sealed record AggregateSpec
{
    /// <summary>Function name, for example <c>sum</c> or <c>quantile_cont</c>.</summary>
    public required string Function { get; init; }

    /// <summary>
    /// Column it is of; null only for <c>count</c>. <c>corr</c> and <c>covar_samp</c> take two, separated by a comma: <c>y,x</c>.
    /// </summary>
    [StringLength(2 * ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? Column { get; init; }

    /// <summary>Name in the result; <c>function_column</c> when null.</summary>
    [StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? As { get; init; }

    /// <summary>Over distinct values.</summary>
    [DefaultValue(false)]
    public bool Distinct { get; init; }

    /// <summary>Quantile in [0, 1], of <c>quantile_cont</c>.</summary>
    [Range(0.0, 1.0)]
    public double? Q { get; init; }

    /// <summary>Separator of <c>string_agg</c>; a comma when null.</summary>
    [MaxLength(256)]
    public string? Separator { get; init; }
}

/// <summary>One key of an order.</summary>
public sealed record OrderSpec
{
    /// <summary>Column name.</summary>
    [StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public required string Column { get; init; }

    /// <summary>Largest first.</summary>
    [DefaultValue(false)]
    public bool Descending { get; init; }

    /// <summary>NULLs first; last when null.</summary>
    public bool? NullsFirst { get; init; }
}

/// <summary>Parameters of <c>filter</c>.</summary>
public sealed record FilterParameters
{
    /// <summary>Condition that kept rows meet, a SQL expression. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)]
    public string? Where { get; init; }
}

/// <summary>Parameters of <c>select</c>. Required: at least one column.</summary>
public sealed record SelectParameters
{
    /// <summary>Columns of the result, in order. A plain string in JSON names one.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(SelectColumnsJsonConverter))]
    [Required, MinLength(1)]
    public IReadOnlyList<SelectColumn> Columns { get; init; } = [];

    /// <summary>Condition on rows, a SQL expression.</summary>
    [StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)]
    public string? Where { get; init; }
}

/// <summary>One column of a result: a name alone, or an object with either <c>column</c> or <c>expression</c>.</summary>
/// <param name="Column">Name of a source column, or null when <c>expression</c> is given.</param>
/// <param name="Expression">A SQL expression over one row.</param>
/// <param name="As">Name in the result.</param>
public sealed record SelectColumn(
    [property: StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)] string? Column,
    [property: StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)] string? Expression,
    [property: StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)] string? As);

/// <summary>Parameters of <c>distinct</c>.</summary>
public sealed record DistinctParameters
{
    /// <summary>Columns to keep and compare; all when empty.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];
}

/// <summary>Parameters of <c>sort</c>. Required: at least one key.</summary>
public sealed record SortParameters
{
    /// <summary>Keys, most significant first.</summary>
    [Required, MinLength(1)]
    public IReadOnlyList<OrderSpec> By { get; init; } = [];

    /// <summary>At most so many rows.</summary>
    [Range(typeof(long), "0", ParameterBounds.LargestNumber)]
    public long? Limit { get; init; }
}

/// <summary>How unmatched rows of a join are treated.</summary>
public enum JoinKind
{
    /// <summary>Pairs only.</summary>
    Inner = 0,

    /// <summary>All of the left.</summary>
    Left = 1,

    /// <summary>All of the right.</summary>
    Right = 2,

    /// <summary>All of both.</summary>
    Full = 3,

    /// <summary>Left rows that have a match, once.</summary>
    Semi = 4,

    /// <summary>Left rows that have none.</summary>
    Anti = 5,
}

/// <summary>Parameters of <c>join</c>.</summary>
public sealed record JoinParameters
{
    /// <summary>Name in <c>sources</c>. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? Left { get; init; }

    /// <summary>Name in <c>sources</c>. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? Right { get; init; }

    /// <summary>Column pairs that must be equal. Required: at least one.</summary>
    [Required, MinLength(1)]
    public IReadOnlyList<JoinKey> On { get; init; } = [];

    /// <summary>Kind of join.</summary>
    [DefaultValue(JoinKind.Inner)]
    public JoinKind How { get; init; }

    /// <summary>
    /// Columns of the result; all of both when empty, the right one's clashing names with <c>_right</c> behind them.
    /// </summary>
    public IReadOnlyList<string> Columns { get; init; } = [];
}

/// <summary>Two columns that must be equal.</summary>
public sealed record JoinKey
{
    /// <summary>Column of the left source.</summary>
    [StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public required string Left { get; init; }

    /// <summary>Column of the right source.</summary>
    [StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public required string Right { get; init; }
}

/// <summary>Parameters of <c>sample</c>: one of the two sizes.</summary>
public sealed record SampleParameters
{
    /// <summary>Share of rows, (0, 1].</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double? Fraction { get; init; }

    /// <summary>Number of rows.</summary>
    [Range(typeof(long), "0", ParameterBounds.LargestNumber)]
    public long? Rows { get; init; }

    /// <summary>The same seed gives the same rows, whatever the partitioning.</summary>
    [DefaultValue(0L)]
    public long Seed { get; init; }
}

/// <summary>Parameters of <c>profile</c>.</summary>
public sealed record ProfileParameters
{
    /// <summary>Columns that are described at once at most.</summary>
    public const int MostColumns = 500;

    /// <summary>Columns, 500 at most; all when empty.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Exact distinct counts, quartiles and most frequent values, at the price of an exchange.</summary>
    [DefaultValue(false)]
    public bool Exact { get; init; }
}

/// <summary>Parameters of <c>melt</c>: wide to long.</summary>
public sealed record MeltParameters
{
    /// <summary>Columns that stay.</summary>
    public IReadOnlyList<string> Id { get; init; } = [];

    /// <summary>Columns that become rows; all others than those of <c>id</c> when empty.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Name of the column of names.</summary>
    [DefaultValue("name"), StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string NameColumn { get; init; } = "name";

    /// <summary>Name of the column of values.</summary>
    [DefaultValue("value"), StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string ValueColumn { get; init; } = "value";
}

/// <summary>Parameters of <c>pivot</c>: long to wide.</summary>
public sealed record PivotParameters
{
    /// <summary>Columns that identify a result row. Required: at least one.</summary>
    [Required, MinLength(1)]
    public IReadOnlyList<string> Index { get; init; } = [];

    /// <summary>Column whose values become columns. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? Key { get; init; }

    /// <summary>Column of the values. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxNameLength, MinimumLength = 1)]
    public string? Value { get; init; }

    /// <summary>How several values of one cell become one.</summary>
    [DefaultValue("sum")]
    public string Function { get; init; } = "sum";

    /// <summary>Whether each value of the key is a column, or a place in a list.</summary>
    [DefaultValue(PivotForm.Columns)]
    public PivotForm As { get; init; }
}

/// <summary>How a pivot shows the values of a row.</summary>
public enum PivotForm
{
    /// <summary>A column for each value of the key; at most 1,000 of them.</summary>
    Columns = 0,

    /// <summary>
    /// One column, a list with a place for each value of the key. The keys are a table of the result of their own, with their
    /// places from 1: <c>/result?table=keys</c>.
    /// </summary>
    List = 1,
}

/// <summary>Parameters of <c>sql</c>.</summary>
public sealed record SqlParameters
{
    /// <summary>One SELECT over the names in <c>sources</c>, or over <c>source</c>. Required.</summary>
    [Required, StringLength(ParameterBounds.MaxSqlLength, MinimumLength = 1)]
    public string? Query { get; init; }
}
