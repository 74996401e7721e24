using System.Diagnostics;
using System.Text.Json;
using Apache.Arrow;
using Apache.Arrow.Compression;
using Apache.Arrow.Ipc;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests;

/// <summary>
/// Results as Arrow streams, read by implementations that are not ours: npm's apache-arrow, and Apache.Arrow with compressed
/// buffers.
/// </summary>
public sealed class ArrowReaderTests : IDisposable
{
    private const string PackageVersion = "21.2.0";

    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Fact]
    public async Task Npm_EveryTypeWithNulls_HasTheValuesOfTheJsonResult()
    {
        var packages = await Packages();
        await Run(
            """
            SELECT CASE WHEN n > 1 THEN true END AS b, CAST(n AS UTINYINT) AS u1, CAST(-n AS SMALLINT) AS i2, CAST(n AS BIGINT) * 3000000000 AS i8,
              CASE WHEN n <> 2 THEN CAST(9007199254740993 AS HUGEINT) * n END AS h, CASE WHEN n <> 3 THEN CAST(-n * 1.25 AS DECIMAL(9,2)) END AS d,
              CASE WHEN n <> 1 THEN n / 4 END AS f, CASE WHEN n <> 2 THEN 'ünïcödé ' || n END AS s, CASE WHEN n <> 1 THEN CAST('\xAA\x00' AS BLOB) END AS x,
              CASE WHEN n <> 3 THEN DATE '2020-01-01' + CAST(n AS INTEGER) END AS da, CASE WHEN n <> 2 THEN TIMESTAMP '2020-01-01 00:00:00.125' END AS ts,
              TIMESTAMPTZ '2020-01-01 00:00:01+01' AS tz, CASE WHEN n <> 1 THEN [n, NULL] END AS l, {'a': n, 'b': CASE WHEN n = 1 THEN 'y' END} AS st,
              CASE WHEN n <> 3 THEN MAP {'k': n} END AS m
            FROM source ORDER BY n
            """);

        var read = await Read(packages, await harness.Export(ExportFormat.Arrow, null));

        Assert.Equal(
            [
                "b Bool", "u1 Uint8", "i2 Int16", "i8 Int64", "h Decimal[38e0]", "d Decimal[9e+2]", "f Float64", "s Utf8",
                "x Binary", "da Date32<DAY>",
                "ts Timestamp<MICROSECOND>", "tz Timestamp<MICROSECOND, UTC>", "l List<Int64>", "st Struct<{a:Int64, b:Utf8}>",
                "m Map<{key:Utf8, value:Int64}>",
            ],
            Texts(read.GetProperty("types")));
        var columns = read.GetProperty("values")
            .EnumerateArray().Select(column => column.EnumerateArray().Select(value => value.GetRawText()).ToArray()).ToArray();
        Assert.Equal(
            [
                ["null", "\"true\"", "\"true\""], ["\"1\"", "\"2\"", "\"3\""], ["\"-1\"", "\"-2\"", "\"-3\""],
                ["\"3000000000\"", "\"6000000000\"", "\"9000000000\""], ["\"9007199254740993\"", "null", "\"27021597764222979\""],
                ["\"-1.25\"", "\"-2.50\"", "null"], ["null", "\"0.5\"", "\"0.75\""], ["\"ünïcödé 1\"", "null", "\"ünïcödé 3\""],
                ["null", "\"qgA=\"", "\"qgA=\""], ["\"2020-01-02T00:00:00.000Z\"", "\"2020-01-03T00:00:00.000Z\"", "null"],
                ["\"2020-01-01T00:00:00.125Z\"", "null", "\"2020-01-01T00:00:00.125Z\""],
                ["\"2019-12-31T23:00:01.000Z\"", "\"2019-12-31T23:00:01.000Z\"", "\"2019-12-31T23:00:01.000Z\""],
                ["null", "[\"2\",null]", "[\"3\",null]"], ["[\"1\",\"y\"]", "[\"2\",null]", "[\"3\",null]"],
                ["[[\"k\",\"1\"]]", "[[\"k\",\"2\"]]", "null"],
            ],
            columns);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_000)]
    public async Task Npm_RowsOfSevenPartitions_AreInTheOrderOfTheJob(int rows)
    {
        var packages = await Packages();
        var path = harness.Write("many.csv", "n\n" + string.Concat(Enumerable.Range(0, rows).Select(i => $"{i}\n")));
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Filter,
            Source = new SourceSpec
            {
                Path = [path], Options = new SourceOptions { Columns = new Dictionary<string, string> { ["n"] = "BIGINT" } },
            },
            Partitioning = new PartitioningSpec { MinPartitions = 7 },
            Parameters = JsonSerializer.SerializeToElement(new { where = "n >= 0" }),
        });

        var read = await Read(packages, await harness.Export(ExportFormat.Arrow, null), "sum");

        Assert.Equal(rows == 0 ? 1 : 7, harness.LastPartitions);
        Assert.Equal((rows, $"{(long)rows * (rows - 1) / 2}", true),
            (read.GetProperty("rows").GetInt32(), read.GetProperty("sum").GetString(), read.GetProperty("inOrder").GetBoolean()));
    }

    [Theory]
    [InlineData(ExportFormat.ArrowLz4)]
    [InlineData(ExportFormat.ArrowZstd)]
    public async Task Compressed_Buffers_HoldTheSameRowsInFewerBytes(ExportFormat format)
    {
        var path = harness.Write(
            "many.csv", "n,s\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},gene-{i % 7}\n")));
        await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path] } });

        var plain = await harness.Export(ExportFormat.Arrow, null);
        var compressed = await harness.Export(format, null);

        Assert.True(new FileInfo(compressed).Length * 2 < new FileInfo(plain).Length);
        Assert.Equal(await Rows(plain), await Rows(compressed));
    }

    private static async Task<List<(long?, string)>> Rows(string path)
    {
        await using var stream = File.OpenRead(path);
        using var reader = new ArrowStreamReader(stream, new CompressionCodecFactory());
        var rows = new List<(long?, string)>();
        while (await reader.ReadNextRecordBatchAsync() is { } batch)
        {
            var (numbers, texts) = ((Int64Array)batch.Column(0), (StringArray)batch.Column(1));
            rows.AddRange(Enumerable.Range(0, batch.Length).Select(row => (numbers.GetValue(row), texts.GetString(row))));
        }

        return rows;
    }

    private async Task Run(string query) =>
        await harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql, Source = new SourceSpec { Path = [harness.Write("three.csv", "n\n1\n2\n3\n")] },
            Parameters = JsonSerializer.SerializeToElement(new { query }),
        });

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetString()!)];

    private static async Task<JsonElement> Read(string packages, string path, string? what = null)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "read-arrow.mjs"), packages, path];
        return JsonDocument.Parse(await Output("node", what is null ? arguments : [.. arguments, what])).RootElement;
    }

    // The package stays in the temporary folder for the next run.
    private static async Task<string> Packages()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"orleans-cluster-apache-arrow-{PackageVersion}");
        if (Directory.Exists(Path.Combine(folder, "node_modules", "apache-arrow")))
        {
            return folder;
        }

        try
        {
            var fresh = Directory.CreateTempSubdirectory("orleans-cluster-npm-").FullName;
            await Output(
                "npm", "install", "--prefix", fresh, "--no-audit", "--no-fund", "--silent", $"apache-arrow@{PackageVersion}");
            Directory.Move(fresh, folder);
        }
        catch (Exception e)
            when (e is System.ComponentModel.Win32Exception or InvalidOperationException
                && Environment.GetEnvironmentVariable("CI") is null)
        {
            Assert.Skip($"npm's apache-arrow cannot be had here: {e.Message}");
        }
        catch (IOException) when (Directory.Exists(Path.Combine(folder, "node_modules", "apache-arrow")))
        {
            // Another test was first.
        }

        return folder;
    }

    private static async Task<string> Output(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }
}
