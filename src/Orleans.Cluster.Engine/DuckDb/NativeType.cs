namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>A type without nested ones, as the engine's C interface numbers it.</summary>
/// <param name="Id">Number of its kind.</param>
/// <param name="Bytes">Size of a value in a vector.</param>
/// <param name="Width">DECIMAL: digits in all.</param>
/// <param name="Scale">DECIMAL: digits behind the point.</param>
internal sealed record NativeType(NativeTypeId Id, int Bytes, byte Width = 0, byte Scale = 0);

/// <summary>Numbers of <c>duckdb_type</c>.</summary>
internal enum NativeTypeId
{
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    Date = 13,
    Time = 14,
    HugeInt = 16,
    Varchar = 17,
    Decimal = 19,
    TimestampS = 20,
    TimestampMs = 21,
    TimestampNs = 22,
    Uuid = 27,
    TimestampTz = 31,
    UHugeInt = 32,
}
