using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// Small files on which values, rows and names were once lost; <see cref="FaultFilesTests"/> has those whose headers were.
/// </summary>
public sealed class FaultDataTests : IDisposable
{
    // Files that have a test here or in FaultFilesTests, by the beginning of their names.
    private static readonly string[] Tested =
    [
        "D1_", "D2_", "D3_", "D4_marker.csv", "D5_partition.csv", "D7_declared.csv", "D8_", "D13_hive", "rn1.csv", "rn6.tsv",
        "one.csv", "preamble.csv",
        "two_header_lines.csv", "nulhdr.csv", "nulkey.json", "big.json", "bigarr.json", "ci.ndjson", "ci2.ndjson", "cs.ndjson",
        "ek.", "es.ndjson",
        "extra_sep_", "nan.ndjson", "ndjson_line3_bad.ndjson", "tc.ndjson", "rowref", "t1.csv", "t2.csv",
    ];

    // What tells of the files, and programs that make large ones, which other tests make for themselves.
    private static readonly string[] NoData = ["README.md", "specs.json", "make_late.py", "make_rare.py", "make_wide.py"];

    private readonly EngineHarness harness = new() { CoalesceBytes = 1 };

    public void Dispose() => harness.Dispose();

    [Fact]
    public void Folder_EachFile_HasATest()
    {
        var names = Directory.GetFileSystemEntries(SharedData.Require("faults")).Select(path => Path.GetFileName(path));

        Assert.All(names.Except(NoData),
            name => Assert.Contains(Tested, tested => name.StartsWith(tested, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("D2_case.ndjson", "id Id_1", "[1,\"x\"] [2,\"y\"]")]
    [InlineData("D2_doc.json", "id X x_1", "[1,\"u\",null] [2,null,\"v\"]")]
    [InlineData("D2_files/1.ndjson D2_files/2.ndjson", "Gene n gene_1", "[\"a\",1,null] [null,2,\"b\"]")]
    [InlineData("D2_nested.ndjson", "id s", "[1,{\"K\":1,\"k_1\":2}]")]
    [InlineData("ci.ndjson", "name Name_1 v", "[\"x\",\"y\",1] [\"p\",\"q\",2]")]
    [InlineData("ci2.ndjson", "a b A_1", "[1,2,null] [null,4,3]")]
    [InlineData("cs.ndjson", "a b", "[{\"k\":1,\"K_1\":2},2]")]
    [InlineData("ek.json", "column0 a", "[5,1] [6,2]")]
    [InlineData("ek.ndjson", "column0 a", "[5,1] [6,2]")]
    [InlineData("es.ndjson", "a b", "[{\"column0\":1},2]")]
    [InlineData("big.json", "id v", "[\"123456789012345678901\",1] [5,2]")]
    public async Task Convert_FileThatLostValues_KeepsEachOfThem(string names, string columns, string rows)
    {
        var result = await harness.Run(Convert(names.Split(' ')));

        Assert.Equal(
            columns,
            string.Join(' ',
                result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString())));
        Assert.Equal(rows, string.Join(' ', EngineHarness.Rows(result)));
    }

    [Theory]
    [InlineData("nan.ndjson", "line 1, byte 0", 1)]
    [InlineData("tc.ndjson", "line 1, byte 0", 1)]
    [InlineData("ndjson_line3_bad.ndjson", "line 3, byte 34", 4)]
    [InlineData("extra_sep_empty_last.csv", "line 2, byte 4", 1)]
    [InlineData("extra_sep_full_last.csv", "line 2, byte 4", 1)]
    public async Task Convert_RecordThatDoesNotFit_IsLocatedOrSetAside(string name, string place, int kept)
    {
        var spec = Convert(name);
        if (name.StartsWith("extra", StringComparison.Ordinal))
        {
            spec = spec with { Source = spec.Source! with { Options = new SourceOptions { Columns = Types(
                ("k", "BIGINT"), ("v", "BIGINT")) } } };
        }

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));
        var result = await harness.Run(spec with { OnBadRow = BadRowPolicy.Quarantine });

        Assert.Equal(Contracts.ProblemCode.BadRow, refused.Code);
        Assert.Contains($"{name}, {place}", refused.Message, StringComparison.Ordinal);
        Assert.Equal((kept, 1), (result.GetProperty("totalRows").GetInt32(), harness.Quarantined));
    }

    [Fact]
    public async Task Convert_DecimalInADeclaredWholeColumn_IsABadRow()
    {
        var spec = Convert("D7_declared.csv");
        spec = spec with { Source = spec.Source! with { Options = new SourceOptions { Columns = Types(
            ("id", "BIGINT"), ("a", "BIGINT")) } } };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(spec));

        Assert.Contains(
            "line 3, byte 9, column 'a': value '1.5' is not a valid BIGINT", refused.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nulkey.json")]
    [InlineData("D8_nulkey.ndjson")]
    [InlineData("bigarr.json")]
    public void Probe_WhatNoColumnCanHold_IsRefusedWithTheFile(string name)
    {
        var path = Path.Combine(SharedData.Require("faults"), name);

        var refused = Assert.Throws<ClusterException>(() =>
            harness.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]).Get());

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("D4_marker.csv", "[null,2] [\"__HIVE_DEFAULT_PARTITION__\",1] [\"x\",3]")]
    [InlineData("D5_partition.csv", "[\"a\",1] [\"a\",3] [\"b\",2]")]
    public async Task Convert_PartitionBy_HasEachRowInTheResult(string name, string rows)
    {
        foreach (var format in Enum.GetValues<OutputFormat>())
        {
            var spec = Convert(name) with { Output = new OutputSpec { Path = "out", Format = format, PartitionBy = ["k"] } };
            spec = spec with
            {
                Source = spec.Source! with { Options = new SourceOptions { NullValues = ["NULL"], Header = true } },
            };

            var result = await harness.Run(spec);

            var sorted = result.GetProperty("rows").EnumerateArray().Select(row => row.EnumerateArray().Reverse().ToList())
                .Select(row => row[0].ValueKind == JsonValueKind.Number
                    ? $"[{row[1].GetRawText()},{row[0]}]"
                    : $"[{row[0].GetRawText()},{row[1]}]");
            Assert.Equal(rows.Split(' ').Order(StringComparer.Ordinal), sorted.Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("SELECT count(DISTINCT s) AS n FROM source AS s")]
    [InlineData("SELECT count(*) AS n FROM (SELECT s FROM source AS s GROUP BY s)")]
    [InlineData("SELECT count(DISTINCT to_json(s)) AS n FROM source AS s")]
    [InlineData("SELECT max(s) AS m FROM source AS s")]
    [InlineData("SELECT struct_pack(*COLUMNS(*)) AS p FROM source ORDER BY ALL LIMIT 3")]
    public async Task Run_TableAsAValueInManyPartitions_IsAsInOneEngine(string query)
    {
        foreach (var name in new[] { "rowref.csv", "rowref2.csv" })
        {
            using var single = new SingleEngine();
            single.Execute($"CREATE TABLE source AS SELECT * FROM read_csv('{PathOf(name)}')");
            var spec = new JobSpec
            {
                Operation = OperationKind.Sql, Source = new SourceSpec { Path = [PathOf(name)] },
                Partitioning = new PartitioningSpec { TargetBytes = 1024 },
                Parameters = JsonSerializer.SerializeToElement(new { query }),
            };
            var plan = await harness.Plan(spec);
            var result = await harness.Run(plan, spec);

            Assert.True(plan.Datasets["source"].Partitions.Count > 1);
            var expected = single.Rows($"SELECT to_json(q) FROM ({query}) AS q").Select(row => row.Single().Text!);
            var names = result.GetProperty("columns")
                .EnumerateArray().Select(column => column.GetProperty("name").GetString()!).ToList();
            Assert.Equal(
                expected,
                result.GetProperty("rows").EnumerateArray().Select(row => $"{{\"{names.Single()}\":{row[0].GetRawText()}}}"));
        }
    }

    [Theory]
    [InlineData("SELECT count(*) AS n, sum(v) AS s FROM a NATURAL JOIN b")]
    [InlineData("SELECT count(*) AS n, sum(v) AS s FROM a NATURAL FULL JOIN b")]
    [InlineData("SELECT count(*) AS n, sum(v) AS s FROM a NATURAL SEMI JOIN b")]
    [InlineData("SELECT count(*) AS n, sum(v) AS s FROM a NATURAL ANTI JOIN b")]
    public async Task Run_NaturalJoinsInManyPartitions_AreAsInOneEngine(string query)
    {
        using var single = new SingleEngine();
        single.Execute($"CREATE TABLE a AS SELECT * FROM read_csv('{PathOf("t1.csv")}')");
        single.Execute($"CREATE TABLE b AS SELECT * FROM read_csv('{PathOf("t2.csv")}')");
        var result = await harness.Run(new JobSpec
        {
            Operation = OperationKind.Sql,
            Sources = new Dictionary<string, SourceSpec> { ["a"] = new() { Path = [PathOf("t1.csv")] },
                ["b"] = new() { Path = [PathOf("t2.csv")] } },
            Partitioning = new PartitioningSpec { TargetBytes = 1024 },
            Parameters = JsonSerializer.SerializeToElement(new { query }),
        });

        single.AssertSame(query, result, ordered: false);
    }

    private static JobSpec Convert(params string[] names) =>
        new() { Operation = OperationKind.Convert, Source = new SourceSpec { Path = [.. names.Select(PathOf)] } };

    private static string PathOf(string name) => Path.Combine(SharedData.Require("faults"), name);

    private static Dictionary<string, string> Types(params (string Name, string Type)[] columns) =>
        columns.ToDictionary(column => column.Name, column => column.Type);
}
