namespace Orleans.Cluster.Client;

/// <summary>Functions of an aggregate.</summary>
public enum AggregateFunction
{
    /// <summary>Rows, or values that are not NULL.</summary>
    Count,

    /// <summary>Sum.</summary>
    Sum,

    /// <summary>Arithmetic mean.</summary>
    Avg,

    /// <summary>Smallest value.</summary>
    Min,

    /// <summary>Largest value.</summary>
    Max,

    /// <summary>Standard deviation of a sample.</summary>
    StddevSamp,

    /// <summary>Standard deviation of a population.</summary>
    StddevPop,

    /// <summary>Variance of a sample.</summary>
    VarSamp,

    /// <summary>Variance of a population.</summary>
    VarPop,

    /// <summary>Median.</summary>
    Median,

    /// <summary>Quantile, interpolated; <see cref="Contracts.AggregateSpec.Q"/> says which.</summary>
    QuantileCont,

    /// <summary>Most frequent value.</summary>
    Mode,

    /// <summary>First value in the order of rows.</summary>
    First,

    /// <summary>Last value in the order of rows.</summary>
    Last,

    /// <summary>Texts joined by a separator.</summary>
    StringAgg,

    /// <summary>Whether all are true.</summary>
    BoolAnd,

    /// <summary>Whether one is true.</summary>
    BoolOr,

    /// <summary>Correlation of two columns.</summary>
    Corr,

    /// <summary>Covariance of two columns, of a sample.</summary>
    CovarSamp,
}
