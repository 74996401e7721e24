using Apache.Arrow;
using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Export;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests;

/// <summary>Results as Arrow streams.</summary>
public sealed class ArrowResultTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData(OutputFormat.Parquet)]
    [InlineData(OutputFormat.Csv)]
    public async Task Arrow_EveryType_HasItsStatedType(OutputFormat format)
    {
        var output = await Run(
            "SELECT true AS b, CAST(1 AS UBIGINT) AS u, CAST(7 AS HUGEINT) AS h, CAST(1.5 AS DECIMAL(9,2)) AS d, CAST(0.5 AS "
            + "FLOAT) AS f, 'é' AS s, "
            + "CAST('\\xAA' AS BLOB) AS x, DATE '1970-01-02' AS da, TIMESTAMPTZ '1970-01-01 00:00:01+00' AS tz, TIMESTAMP "
            + "'1970-01-01 00:00:01' AS ts, [1, NULL] AS l, "
            + "{'a': 1} AS st, MAP {'k': 2} AS m, CAST(NULL AS UUID) AS n FROM source",
            format);

        var batches = await Read(await harness.Export(ExportFormat.Arrow, output));

        var types = batches[0].Schema.FieldsList.Select(field => field.DataType.Name);
        Assert.Equal(
            ["bool", "uint64", "decimal128", "decimal128", "float", "utf8", "binary", "date32", "timestamp", "timestamp", "list",
                "struct", "map", "utf8"], types);
        var row = Assert.Single(batches);
        Assert.Equal("UTC", ((Apache.Arrow.Types.TimestampType)row.Schema.GetFieldByName("tz").DataType).Timezone);
        Assert.Equal(7m, ((Decimal128Array)row.Column("h")).GetValue(0));
        Assert.Equal(1.5m, ((Decimal128Array)row.Column("d")).GetValue(0));
        Assert.Equal("é", ((StringArray)row.Column("s")).GetString(0));
        Assert.Equal(1_000_000L, ((TimestampArray)row.Column("ts")).GetValue(0));
        Assert.Equal([1, null], ((Int32Array)((ListArray)row.Column("l")).GetSlicedValues(0)).ToArray<int?>());
        Assert.True(row.Column("n").IsNull(0));
    }

    [Theory]
    [InlineData(0, null, 30_000)]
    [InlineData(29_000, null, 1_000)]
    [InlineData(4_000, 9_000L, 9_000)]
    [InlineData(30_000, null, 0)]
    public async Task Arrow_PagesOfSeveralPartitions_AreInOrder(long offset, long? limit, int rows)
    {
        var path = harness.Write("many.csv", "n\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => $"{i}\n")));
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] },
            Partitioning = new PartitioningSpec { MinPartitions = 7 },
        });

        var batches = await Read(await harness.Export(ExportFormat.Arrow, null, offset, limit));

        Assert.Equal(7, harness.LastPartitions);
        Assert.Equal(
            Enumerable.Range((int)offset, rows).Select(i => (long?)i), batches.SelectMany(batch => (Int64Array)batch.Column(0)));
    }

    // Two files of several pieces: pages that begin and end within a piece, at its edge, in another file.
    [Theory]
    [InlineData("n")]
    [InlineData("file_row_number")]
    public async Task Arrow_PagesOfManyRows_AreInOrder(string column)
    {
        const int Rows = 1_200_000;
        const int Piece = 4 * 122_880;
        var path = harness.Write(
            "many.csv", $"{column},t\n" + string.Concat(Enumerable.Range(0, Rows).Select(i => $"{i},x{i}\n")));
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] },
            Partitioning = new PartitioningSpec { MinPartitions = 2 },
        });
        var first = (int)harness.LastFiles[0].Rows;
        (int, int)[] pages =
        [
            (0, Rows), (Piece - 1, Piece + 1), (Piece, first), (first - 1, first + 1), (first, first + Piece),
            (1, first + Piece + 1),
        ];
        foreach (var (from, until) in pages)
        {
            var batches = await Read(await harness.Export(ExportFormat.Arrow, null, from, until - from));

            var numbers = batches.SelectMany(batch => (Int64Array)batch.Column(0));
            Assert.True(Enumerable.Range(from, until - from).Select(i => (long?)i).SequenceEqual(numbers), $"{from} to {until}");
            Assert.Equal($"x{until - 1}", ((StringArray)batches[^1].Column(1)).GetString(batches[^1].Length - 1));
        }
    }

    [Fact]
    public async Task Arrow_StoppedBetweenItsFiles_LeavesNoFileBeside()
    {
        var path = harness.Write("many.csv", "n\n" + string.Concat(Enumerable.Range(0, 1_200_000).Select(i => $"{i}\n")));
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] },
            Partitioning = new PartitioningSpec { MinPartitions = 3 },
        });
        var target = Path.Combine(Directory.CreateDirectory(Path.Combine(harness.Folder, "results")).FullName, "rows.arrow");
        using var stop = new CancellationTokenSource();
        var request = new ExportRequest(
            harness.LastFiles, OutputFormat.Parquet, harness.LastPlan!.Columns, 0, null, ExportFormat.Arrow, target);
        var export = Task.Run(() => RowExporter.Export(request, stop.Token));
        while (!File.Exists(target) && !export.IsCompleted)
        {
            await Task.Yield();
        }

        await stop.CancelAsync();

        // It may have been quicker; it is not more than stopped.
        if (await Record.ExceptionAsync(() => export) is { } thrown)
        {
            Assert.IsAssignableFrom<OperationCanceledException>(thrown);
        }

        Assert.Equal([target], Directory.GetFiles(Path.GetDirectoryName(target)!));
    }

    private async Task<OutputSpec> Run(string query, OutputFormat format)
    {
        var output = new OutputSpec { Path = "out", Format = format };
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql, Output = output,
            Source = new SourceSpec
            {
                Path = [harness.Write("one.csv", "n\n1\n")], Options = new SourceOptions { Header = true },
            },
            Parameters = System.Text.Json.JsonSerializer.SerializeToElement(new { query }),
        });
        return output;
    }

    private static async Task<List<RecordBatch>> Read(string path)
    {
        await using var stream = File.OpenRead(path);
        using var reader = new ArrowStreamReader(stream);
        var batches = new List<RecordBatch>();
        while (await reader.ReadNextRecordBatchAsync() is { } batch)
        {
            batches.Add(batch);
        }

        Assert.Equal(stream.Length, stream.Position);
        Assert.NotNull(reader.Schema);
        return batches;
    }
}
