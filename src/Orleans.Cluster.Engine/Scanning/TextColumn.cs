using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>A column of a text file and how its fields are read.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Declared">Its type as planned.</param>
/// <param name="Native">Type of its vectors.</param>
/// <param name="IsCast">
/// Whether the fields are handed on as text, for the engine to cast: nested types, intervals, enums, blobs.
/// </param>
/// <param name="Spelling">What its values must look like, for the error of one that does not.</param>
internal sealed record TextColumn(string Name, string Declared, NativeType Native, bool IsCast, string Spelling)
{
    private const string NotUtf8 =
        "The text is not valid UTF-8. If the file is in another encoding, say so in options.encoding (latin-1, windows-1252, "
        + "utf-16).";

    private const string Timestamps =
        "Expected a date and a time such as 2024-01-31 13:45:00, with no more digits of a second than the type keeps.";

    /// <summary>The column of a planned one.</summary>
    public static TextColumn Of(ColumnSchema column)
    {
        var (native, spelling) = Read(column.Type.Trim().ToUpperInvariant());
        return native is null
            ? new TextColumn(
                column.Name, column.Type, new NativeType(NativeTypeId.Varchar, 16), true,
                "The engine cannot cast the text to the column's type.")
            : new TextColumn(column.Name, column.Type, native, false, spelling);
    }

    /// <summary>A reader of its fields.</summary>
    public ColumnReader NewReader(TextForm form, TextArena arena) => Native.Id switch
    {
        NativeTypeId.Varchar => new StringFieldReader(form, arena),
        NativeTypeId.Boolean => new ValueReader<byte, BooleanParser>(form, default),
        NativeTypeId.TinyInt => new ValueReader<sbyte, SignedParser<sbyte>>(form, default),
        NativeTypeId.SmallInt => new ValueReader<short, SignedParser<short>>(form, default),
        NativeTypeId.Integer => new ValueReader<int, SignedParser<int>>(form, default),
        NativeTypeId.BigInt => new ValueReader<long, SignedParser<long>>(form, default),
        NativeTypeId.UTinyInt => new ValueReader<byte, UnsignedParser<byte>>(form, default),
        NativeTypeId.USmallInt => new ValueReader<ushort, UnsignedParser<ushort>>(form, default),
        NativeTypeId.UInteger => new ValueReader<uint, UnsignedParser<uint>>(form, default),
        NativeTypeId.UBigInt => new ValueReader<ulong, UnsignedParser<ulong>>(form, default),
        NativeTypeId.HugeInt => new ValueReader<Int128, HugeIntParser>(form, default),
        NativeTypeId.UHugeInt => new ValueReader<UInt128, UnsignedHugeIntParser>(form, default),
        NativeTypeId.Double => new ValueReader<double, DoubleParser>(form, new DoubleParser(form.Point)),
        NativeTypeId.Float => new ValueReader<float, FloatParser>(form, new FloatParser(form.Point)),
        NativeTypeId.Decimal => NewDecimalReader(form),
        NativeTypeId.Date => new ValueReader<int, DateParser>(form, default),
        NativeTypeId.Time => new ValueReader<long, TimeParser>(form, default),
        NativeTypeId.Timestamp
            or NativeTypeId.TimestampTz => new ValueReader<long, TimestampParser>(form, new TimestampParser(1_000_000)),
        NativeTypeId.TimestampS => new ValueReader<long, TimestampParser>(form, new TimestampParser(1)),
        NativeTypeId.TimestampMs => new ValueReader<long, TimestampParser>(form, new TimestampParser(1_000)),
        NativeTypeId.TimestampNs => new ValueReader<long, TimestampParser>(form, new TimestampParser(1_000_000_000)),
        NativeTypeId.Uuid => new ValueReader<Int128, UuidParser>(form, default),
        _ => throw new System.Diagnostics.UnreachableException($"No reader for {Native.Id}."),
    };

    private ColumnReader NewDecimalReader(TextForm form) => Native.Bytes switch
    {
        2 => new ValueReader<short, DecimalParser<short>>(form, new DecimalParser<short>(Native.Width, Native.Scale, form.Point)),
        4 => new ValueReader<int, DecimalParser<int>>(form, new DecimalParser<int>(Native.Width, Native.Scale, form.Point)),
        8 => new ValueReader<long, DecimalParser<long>>(form, new DecimalParser<long>(Native.Width, Native.Scale, form.Point)),
        _ => new ValueReader<Int128, DecimalParser<Int128>>(
            form, new DecimalParser<Int128>(Native.Width, Native.Scale, form.Point)),
    };

    private static (NativeType? Native, string Spelling) Read(string type) => type switch
    {
        "BOOLEAN" or "BOOL"
            or "LOGICAL" => (new NativeType(NativeTypeId.Boolean, 1), "Expected true, false, t, f, yes, no, y, n, 1 or 0."),
        "TINYINT" or "INT1" => Whole(NativeTypeId.TinyInt, 1, sbyte.MinValue, (UInt128)sbyte.MaxValue),
        "SMALLINT" or "INT2" or "INT16" or "SHORT" => Whole(NativeTypeId.SmallInt, 2, short.MinValue, (UInt128)short.MaxValue),
        "INTEGER" or "INT" or "INT4" or "INT32"
            or "SIGNED" => Whole(NativeTypeId.Integer, 4, int.MinValue, (UInt128)int.MaxValue),
        "BIGINT" or "INT8" or "INT64" or "LONG" => Whole(NativeTypeId.BigInt, 8, long.MinValue, (UInt128)long.MaxValue),
        "HUGEINT" or "INT128" => Whole(NativeTypeId.HugeInt, 16, Int128.MinValue, (UInt128)Int128.MaxValue),
        "UTINYINT" or "UINT8" => Whole(NativeTypeId.UTinyInt, 1, 0, byte.MaxValue),
        "USMALLINT" or "UINT16" => Whole(NativeTypeId.USmallInt, 2, 0, ushort.MaxValue),
        "UINTEGER" or "UINT32" => Whole(NativeTypeId.UInteger, 4, 0, uint.MaxValue),
        "UBIGINT" or "UINT64" => Whole(NativeTypeId.UBigInt, 8, 0, ulong.MaxValue),
        "UHUGEINT" or "UINT128" => Whole(NativeTypeId.UHugeInt, 16, 0, UInt128.MaxValue),
        "DOUBLE" or "FLOAT8" => Floating(NativeTypeId.Double, 8),
        "FLOAT" or "FLOAT4" or "REAL" => Floating(NativeTypeId.Float, 4),
        "DATE" => (new NativeType(NativeTypeId.Date, 4), "Expected a date such as 2024-01-31; a time of day would be lost."),
        "TIME" or "TIME WITHOUT TIME ZONE" =>
            (new NativeType(NativeTypeId.Time, 8),
                "Expected a time such as 13:45:00.123456, with at most six digits of a second."),
        "TIMESTAMP" or "DATETIME" or "TIMESTAMP_US"
            or "TIMESTAMP WITHOUT TIME ZONE" => (new NativeType(NativeTypeId.Timestamp, 8), Timestamps),
        "TIMESTAMP_S" => (new NativeType(NativeTypeId.TimestampS, 8), Timestamps),
        "TIMESTAMP_MS" => (new NativeType(NativeTypeId.TimestampMs, 8), Timestamps),
        "TIMESTAMP_NS" => (new NativeType(NativeTypeId.TimestampNs, 8), Timestamps),
        "TIMESTAMPTZ" or "TIMESTAMP WITH TIME ZONE" => (new NativeType(NativeTypeId.TimestampTz, 8), Timestamps),
        "UUID" or "GUID" => (new NativeType(NativeTypeId.Uuid, 16), "Expected 32 hexadecimal digits."),
        "VARCHAR" or "TEXT" or "STRING" or "CHAR" or "BPCHAR" => (new NativeType(NativeTypeId.Varchar, 16), NotUtf8),
        _ => Decimal(type),
    };

    private static (NativeType, string) Whole(NativeTypeId id, int bytes, Int128 least, UInt128 most) =>
        (new NativeType(id, bytes), $"Expected a whole number from {least} to {most}, written in digits alone.");

    private static (NativeType, string) Floating(NativeTypeId id, int bytes) => (
        new NativeType(id, bytes),
        "Expected a number such as 1.5, -2e10, nan or inf, neither too large nor too close to zero for the type.");

    private static (NativeType?, string) Decimal(string type)
    {
        var name = type.Split('(')[0].TrimEnd();
        var arguments = type[name.Length..].Trim();
        if (name is not ("DECIMAL" or "NUMERIC" or "DEC"))
        {
            return (null, "");
        }

        var parts = arguments.Length == 0 ? ["18", "3"] : arguments.Trim('(', ')').Split(',');
        if (!byte.TryParse(parts[0], out var width) || width is < 1 or > 38)
        {
            return (null, "");
        }

        byte scale = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !byte.TryParse(parts[1], out scale)) || scale > width)
        {
            return (null, "");
        }

        var bytes = width switch { <= 4 => 2, <= 9 => 4, <= 18 => 8, _ => 16 };
        return (
            new NativeType(NativeTypeId.Decimal, bytes, width, scale),
            $"Expected a number with at most {width - scale} digits before the point and {scale} behind it.");
    }
}
