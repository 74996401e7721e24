using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Json;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// Reads the values of one column into a vector of the engine. One that the query does not look at is read all the same, for its
/// form, into a place that holds one value.
/// </summary>
internal abstract unsafe class JsonField : IDisposable
{
    private const int LargestValue = 16;

    private readonly nint _scratch = (nint)NativeMemory.AllocZeroed(LargestValue);
    private NativeVector _vector;
    private ulong* _validity;

    /// <summary>Memory of the values.</summary>
    protected nint Data { get; private set; }

    /// <summary>Whether the query looks at it.</summary>
    protected bool IsWanted { get; private set; }

    /// <summary>What is left of a row's number as the place of its value.</summary>
    public int RowMask { get; private set; }

    /// <summary>Takes a vector for the rows that follow; null when the query does not look at the column.</summary>
    public void Bind(NativeVector? vector)
    {
        (_vector, IsWanted) = (vector ?? default, vector is not null);
        _validity = null;
        (Data, RowMask) = (vector?.Data ?? _scratch, vector is null ? 0 : int.MaxValue);
    }

    /// <summary>Reads the value of a row.</summary>
    /// <returns>Behind the value; null where it is not certain what the engine's own reader would make of it.</returns>
    public abstract byte* Read(byte* at, int row);

    /// <summary>Makes the value of a row NULL.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void SetNull(int row)
    {
        if (!IsWanted)
        {
            return;
        }

        if (_validity is null)
        {
            _validity = (ulong*)_vector.Validity();
        }

        _validity[row >> 6] &= ~(1UL << (row & 63));
    }

    public void Dispose() => NativeMemory.Free((void*)_scratch);

    /// <summary>A reader of a column.</summary>
    /// <param name="column">The column; one that the engine casts is handed on as JSON text.</param>
    /// <param name="shape">What its values must look like.</param>
    /// <param name="unknown">What a key means that no column has.</param>
    /// <param name="arena">Memory for texts that are written anew.</param>
    public static JsonField Of(TextColumn column, JsonShape shape, Contracts.UnknownKeys unknown, TextArena arena)
    {
        var type = column.Native;
        return type.Id switch
        {
            _ when column.IsCast => new JsonNestedField(shape, unknown, arena),
            NativeTypeId.Varchar => new JsonTextField(arena),
            NativeTypeId.Boolean => new JsonValueField<byte, JsonBoolean>(default),
            NativeTypeId.TinyInt => Whole<sbyte>(),
            NativeTypeId.SmallInt => Whole<short>(),
            NativeTypeId.Integer => Whole<int>(),
            NativeTypeId.BigInt => Whole<long>(),
            NativeTypeId.UTinyInt => Whole<byte>(),
            NativeTypeId.USmallInt => Whole<ushort>(),
            NativeTypeId.UInteger => Whole<uint>(),
            NativeTypeId.UBigInt => Whole<ulong>(),
            NativeTypeId.HugeInt => Whole<Int128>(),
            NativeTypeId.UHugeInt => Whole<UInt128>(),
            NativeTypeId.Double => new JsonValueField<double, JsonDouble>(default),
            NativeTypeId.Float => new JsonValueField<float, JsonFloat>(default),
            NativeTypeId.Decimal => Decimal(type),
            NativeTypeId.Date => Quoted<int, DateParser>(default, 10, 10),
            NativeTypeId.Time => Quoted<long, TimeParser>(default, 8, 24),
            NativeTypeId.Uuid => Quoted<Int128, UuidParser>(default, 36, 36),
            NativeTypeId.TimestampTz =>
                new JsonValueField<long, JsonQuoted<long, TimestampParser>>(new(new(1_000_000), 19, 40, hasOffset: true)),
            NativeTypeId.TimestampS => Timestamp(1),
            NativeTypeId.TimestampMs => Timestamp(1_000),
            NativeTypeId.TimestampNs => Timestamp(1_000_000_000),
            NativeTypeId.Timestamp => Timestamp(1_000_000),
            _ => throw new System.Diagnostics.UnreachableException($"No reader for {type.Id}."),
        };
    }

    private static JsonValueField<T, JsonInteger<T>> Whole<T>()
        where T : unmanaged, System.Numerics.IBinaryInteger<T>, System.Numerics.IMinMaxValue<T> => new(default);

    private static JsonField Decimal(NativeType type) => type.Bytes switch
    {
        2 => new JsonValueField<short, JsonDecimal<short>>(new(new(type.Width, type.Scale, (byte)'.'))),
        4 => new JsonValueField<int, JsonDecimal<int>>(new(new(type.Width, type.Scale, (byte)'.'))),
        _ => new JsonValueField<long, JsonDecimal<long>>(new(new(type.Width, type.Scale, (byte)'.'))),
    };

    private static JsonValueField<T, JsonQuoted<T, TParser>> Quoted<T, TParser>(TParser parser, int least, int most)
        where T : unmanaged
        where TParser : struct, IFieldParser<T> => new(new(parser, least, most));

    private static JsonValueField<long, JsonQuoted<long, TimestampParser>> Timestamp(long units) =>
        Quoted<long, TimestampParser>(new(units), 19, 40);
}

/// <summary>Values of one size.</summary>
internal sealed unsafe class JsonValueField<T, TParser>(TParser parser) : JsonField
    where T : unmanaged
    where TParser : struct, IJsonParser<T>
{
    private readonly TParser _parser = parser;

    // Optimised at once, like all that is called for each value.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override byte* Read(byte* at, int row)
    {
        var end = _parser.Read(at, out ((T*)Data)[row]);
        if (end is null && (end = JsonTokens.SkipNull(at)) is not null)
        {
            SetNull(row);
        }

        return end;
    }
}

/// <summary>Texts. One without escapes stays where it is, in the window.</summary>
internal sealed unsafe class JsonTextField(TextArena arena) : JsonField
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override byte* Read(byte* at, int row)
    {
        if (*at != (byte)'"')
        {
            var end = JsonTokens.SkipNull(at);
            if (end is not null)
            {
                SetNull(row);
            }

            return end;
        }

        var start = at + 1;
        at = JsonTokens.FindSpecial(start);
        if (*at == (byte)'"')
        {
            StringFieldReader.Write((ulong*)Data + (2 * row), start, (int)(at - start));
            return at + 1;
        }

        return ReadEscaped(start, row);
    }

    private byte* ReadEscaped(byte* start, int row)
    {
        var end = JsonTokens.FindEnd(start);
        if (end is null)
        {
            return null;
        }

        var target = arena.Take((int)(end - start) + RecordScanner.Padding);
        var length = JsonEscapes.Decode(start, end, target);
        if (length < 0)
        {
            return null;
        }

        StringFieldReader.Write((ulong*)Data + (2 * row), target, length);
        return end + 1;
    }
}

/// <summary>
/// Objects, lists and all else that the engine casts, handed on as JSON text: checked as records are, under the columns' names,
/// and with a null for each field that is missing, since the engine's cast wants all of them.
/// </summary>
internal sealed unsafe class JsonNestedField(JsonShape shape, Contracts.UnknownKeys unknown, TextArena arena) : JsonField
{
    private readonly JsonRecords _records = new(shape, unknown, isWritten: true);
    private readonly byte _first = shape.Kind switch
    {
        JsonShapeKind.Object or JsonShapeKind.Map => (byte)'{',
        JsonShapeKind.List => (byte)'[',
        _ => 0,
    };

    public override byte* Read(byte* at, int row)
    {
        var end = JsonTokens.SkipValue(at);
        if (end is null)
        {
            return null;
        }

        if (end - at == 4 && JsonTokens.SkipNull(at) is not null)
        {
            SetNull(row);
            return end;
        }

        if ((_first != 0 && *at != _first) || _records.Read(new ReadOnlySpan<byte>(at, (int)(end - at))) is not null)
        {
            return null;
        }

        if (IsWanted)
        {
            var written = _records.Written;
            var target = arena.Take(written.Length + RecordScanner.Padding);
            written.CopyTo(new Span<byte>(target, written.Length));
            StringFieldReader.Write((ulong*)Data + (2 * row), target, written.Length);
        }

        return end;
    }
}
