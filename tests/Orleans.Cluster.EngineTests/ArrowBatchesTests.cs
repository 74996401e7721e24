using Apache.Arrow;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Export.Arrow;

namespace Orleans.Cluster.EngineTests;

/// <summary>Batches made from the engine's vectors, held against those that the engine makes itself.</summary>
public sealed class ArrowBatchesTests
{
    private const int Rows = 70_000;

    // Of every plain type: values with NULLs among them, at the edges of what the type holds.
    private static readonly (string Type, string Value)[] Values =
    [
        ("BOOLEAN", "i % 3 = 0"), ("TINYINT", "i % 256 - 128"), ("SMALLINT", "i % 65536 - 32768"), ("INTEGER", "-i * 30000"),
        ("BIGINT", "i * 92233720368547"), ("UTINYINT", "i % 256"), ("USMALLINT", "i % 65536"), ("UINTEGER", "i * 60000"),
        ("UBIGINT", "i::UBIGINT * 184467440737095"), ("FLOAT", "CASE WHEN i % 5 = 0 THEN 'nan' ELSE i / 7 END"),
        ("DOUBLE", "CASE i % 5 WHEN 0 THEN 'inf' WHEN 1 THEN '-0.0' ELSE i / 7 END"), ("DECIMAL(4,1)", "i % 1000 - 500"),
        ("DECIMAL(9,2)", "i - 35000.25"), ("DECIMAL(18,3)", "i * 1000000001.125"),
        ("DECIMAL(38,5)", "i::HUGEINT * -999999999999999999999"), ("DATE", "DATE '0001-01-01' + i::INTEGER"),
        ("TIME", "TIME '00:00:00.000001' + to_seconds(i % 86399)"), ("TIMESTAMP", "TIMESTAMP '1969-01-01' + to_minutes(i)"),
        ("TIMESTAMP_S", "TIMESTAMP '1969-01-01' + to_minutes(i)"), ("TIMESTAMP_MS", "TIMESTAMP '1969-01-01' + to_minutes(i)"),
        ("TIMESTAMP_NS", "TIMESTAMP '1969-01-01' + to_minutes(i)"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ '1969-01-01 00:00:00+00' + to_minutes(i)"),
        ("VARCHAR", "repeat('é', (i % 9)::INTEGER) || CASE i % 4 WHEN 0 THEN repeat('long', (i % 30)::INTEGER) ELSE '' END"),
        ("BLOB", "repeat('\\x00\\xFF', (i % 17)::INTEGER)"),
    ];

    [Theory]
    [InlineData("i % 7 = 0")]
    [InlineData("i > 40000 AND i % 1000 < 3")]
    [InlineData("i < 5")]
    [InlineData("false")]
    [InlineData("true")]
    public void Read_PlainTypes_AreThoseOfTheEngine(string isNull)
    {
        ColumnSchema[] columns = [.. Values.Select((value, i) => new ColumnSchema($"c{i}", value.Type))];
        var items = Values.Select((value, i) =>
            $"CASE WHEN {isNull} THEN NULL ELSE CAST({value.Value} AS {value.Type}) END AS c{i}");
        AssertSame(columns, $"SELECT {string.Join(", ", items)} FROM range({Rows}) AS t(i)", Rows);
    }

    // Batches of a wide table have fewer rows than the engine's vectors; rows are parted within them.
    [Fact]
    public void Read_ManyColumns_AreThoseOfTheEngine()
    {
        const int Some = 5_000;
        ColumnSchema[] columns =
            [.. Enumerable.Range(0, 700).Select(i => new ColumnSchema($"c{i}", i % 2 == 0 ? "VARCHAR" : "BOOLEAN"))];
        var items = columns.Select((column, i) => $"nullif((i % {i + 2})::VARCHAR, '1')::{column.Type} AS c{i}"
            .Replace("::BOOLEAN", " < '4'", StringComparison.Ordinal));

        var batches = AssertSame(columns, $"SELECT {string.Join(", ", items)} FROM range({Some}) AS t(i)", Some);

        Assert.All(batches, rows => Assert.InRange(rows, 1, 1_000));
    }

    // Vectors that the engine keeps in another form: one value for all rows, and values of a dictionary.
    [Fact]
    public void Read_ConstantsAndDictionaries_AreThoseOfTheEngine() =>
        AssertSame(
            [new("a", "INTEGER"), new("b", "VARCHAR"), new("c", "VARCHAR"), new("d", "VARCHAR"), new("e", "BOOLEAN")],
            "SELECT 42 AS a, 'longer than twelve bytes' AS b, CAST(NULL AS VARCHAR) AS c, x.t AS d, true AS e "
            + "FROM range(9000) AS r(i) "
            + "JOIN (VALUES (0, 'no'), (1, NULL), (2, 'also longer than twelve bytes')) AS x(k, t) ON x.k = r.i % 3 ORDER BY i",
            9_000);

    [Fact]
    public void Read_LongTexts_AreInSmallBatches()
    {
        var batches = AssertSame([new("t", "VARCHAR")], "SELECT repeat('x', 10000) || i AS t FROM range(9000) AS t(i)", 9_000);

        // 8 MiB, and one of the engine's vectors.
        Assert.All(batches, rows => Assert.InRange(rows, 1, 839 + 2_048));
    }

    [Fact]
    public void Read_NestedColumn_IsTheEnginesOwn() =>
        AssertSame(
            [new("a", "INTEGER[]"), new("b", "UUID"), new("c", "INTEGER")],
            "SELECT [1, i::INTEGER, NULL] AS a, CAST('00000000-0000-0000-0000-000000000001' AS UUID) AS b, 1 AS c "
            + "FROM range(3000) AS t(i)",
            3_000);

    [Fact]
    public void Read_MoreRowsThanCommitted_Fails()
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
        var failure = Assert.Throws<EngineException>(
            () => Read(session, [new("i", "BIGINT")], "SELECT i FROM range(11) AS t(i)", 10));
        Assert.Contains("11 rows of the page and not 10", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_QueryThatFailsInTheMiddle_SaysWhy()
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
        var failure = Assert.Throws<EngineException>(() => Read(
            session, [new("i", "INTEGER")],
            "SELECT CAST(i::VARCHAR || repeat('x', (i = 9500)::INTEGER) AS INTEGER) AS i FROM range(10000) AS t(i)", 10_000));
        Assert.Equal(FailureKind.BadQuery, failure.Failure.Kind);
        Assert.Contains("9500x", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Cancelled_Ends()
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => new ArrowBatches([new("i", "BIGINT")]).Read(
            session, new PagePiece("SELECT i FROM range(1000000000000) AS t(i)", 1), _ => { },
            batch =>
            {
                batch.Dispose();
                stop.Cancel();
            },
            stop.Token));
    }

    private static int[] AssertSame(ColumnSchema[] columns, string sql, int rows)
    {
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
        var (schema, batches) = Read(session, columns, sql, rows);
        Schema? engines = null;
        var expected = new List<object?>[columns.Length];
        session.ReadArrow(
            sql,
            stream =>
            {
                engines = stream.Schema;
                while (stream.ReadNextRecordBatchAsync().AsTask().GetAwaiter().GetResult() is { } batch)
                {
                    Add(expected, batch);
                    batch.Dispose();
                }
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(engines!.FieldsList.Select(Describe), schema.FieldsList.Select(Describe));
        var found = new List<object?>[columns.Length];
        batches.ForEach(batch => Add(found, batch));
        for (var column = 0; column < columns.Length; column++)
        {
            Assert.True(expected[column].SequenceEqual(found[column]), $"{columns[column].Type} in column {column}");
        }

        int[] sizes = [.. batches.Select(batch => batch.Length)];
        batches.ForEach(batch => batch.Dispose());
        return sizes;
    }

    private static string Describe(Field field) =>
        $"{field.Name} {Describe(field.DataType)} {field.IsNullable} {field.HasMetadata}";

    private static string Describe(Apache.Arrow.Types.IArrowType type) => type switch
    {
        Apache.Arrow.Types.Decimal128Type decimals => $"decimal({decimals.Precision},{decimals.Scale})",
        Apache.Arrow.Types.TimestampType timestamp => $"timestamp({timestamp.Unit},{timestamp.Timezone})",
        Apache.Arrow.Types.Time64Type time => $"time({time.Unit})",
        _ => type.Name,
    };

    private static (Schema Schema, List<RecordBatch> Batches) Read(
        DuckDbSession session, ColumnSchema[] columns, string sql, int rows)
    {
        Schema? schema = null;
        var batches = new List<RecordBatch>();
        new ArrowBatches(columns).Read(
            session, new PagePiece(sql, rows), found => schema = found, batches.Add, TestContext.Current.CancellationToken);
        return (schema!, batches);
    }

    private static void Add(List<object?>[] values, RecordBatch batch)
    {
        for (var column = 0; column < values.Length; column++)
        {
            var array = batch.Column(column);
            Assert.Equal(Enumerable.Range(0, array.Length).Count(array.IsNull), array.NullCount);
            var rows = Enumerable.Range(0, array.Length).Select(row => array.IsNull(row) ? null : Value(array, row));
            (values[column] ??= []).AddRange(rows);
        }
    }

    private static object? Value(IArrowArray array, int row) => array switch
    {
        StringArray text => text.GetString(row),
        BinaryArray bytes => Convert.ToHexString(bytes.GetBytes(row)),
        Apache.Arrow.Arrays.FixedSizeBinaryArray wide => Convert.ToHexString(wide.GetBytes(row)),
        ListArray list => string.Join(",", ((Int32Array)list.GetSlicedValues(row)).Select(value => $"{value}")),
        DoubleArray number => BitConverter.DoubleToInt64Bits(number.GetValue(row)!.Value),
        FloatArray number => BitConverter.SingleToInt32Bits(number.GetValue(row)!.Value),
        _ => ((dynamic)array).GetValue(row),
    };
}
