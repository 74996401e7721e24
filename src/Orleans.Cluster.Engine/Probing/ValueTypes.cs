namespace Orleans.Cluster.Engine.Probing;

/// <summary>Types that a text may be a value of, the narrowest first. Every text is a VARCHAR too.</summary>
[Flags]
internal enum ValueTypes
{
    /// <summary>Text alone.</summary>
    None = 0,

    /// <summary><c>true</c> or <c>false</c>, in any case.</summary>
    Boolean = 1,

    /// <summary>A whole number of 64 bits without leading zeros.</summary>
    BigInt = 2,

    /// <summary>A number that a DOUBLE holds: a whole one exactly, others rounded as usual.</summary>
    Double = 4,

    /// <summary><c>yyyy-mm-dd</c>.</summary>
    Date = 8,

    /// <summary>A date, or a date and a time to the microsecond.</summary>
    Timestamp = 16,

    /// <summary>Any, as long as no value has been seen.</summary>
    All = Boolean | BigInt | Double | Date | Timestamp,
}
