using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>What JSON says is what a job reads, or a fault with its place: no key and no digit goes without a word.</summary>
public sealed class JsonValueTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("""{"id":1,"Id":"x"}""", "id,Id_1", """[1,"x"]""")]
    [InlineData("""{"a":1,"b":2} {"A":3,"b":4}""", "a,b,A_1", """[1,2,null] [null,4,3]""")]
    [InlineData("""{"":5,"a":1}""", "column0,a", "[5,1]")]
    [InlineData("""{"a":{"k":1,"K":2,"":3},"b":2}""", "a,b", """[{"k":1,"K_1":2,"column2":3},2]""")]
    [InlineData("""{"l":[{"k":1},{"K":[{"x":1,"X":2}]}]}""", "l",
        """[[{"k":1,"K_1":null},{"k":null,"K_1":[{"x":1,"X_1":2}]}]]""")]
    [InlineData("""{"a_1":1,"a":2,"A":3}""", "a_1,a,A_2", "[1,2,3]")]
    [InlineData("""{"id":123456789012345678901,"v":1} {"id":5,"v":2}""", "id,v", """["123456789012345678901",1] [5,2]""")]
    [InlineData("""{"l":[123456789012345678901,7]}""", "l", """[["123456789012345678901",7]]""")]
    [InlineData("""{"x":"NaN"} {"x":1.5} {"x":"-Infinity"}""", "x", """["NaN"] [1.5] ["-Infinity"]""")]
    [InlineData("""{"t":"2020-01-01T00:00:00.1234567"}""", "t", """["2020-01-01T00:00:00.1234567"]""")]
    [InlineData("""{"\u0061 é\"":1}""", "a é\"", "[1]")]
    public async Task Convert_KeysAndValues_AreAllThere(string records, string names, string rows)
    {
        var lines = records.Split("} {")
            .Select((line, i) => (i > 0 ? "{" : "") + line
                + (records.Contains("} {", StringComparison.Ordinal) && !line.EndsWith('}') ? "}" : "")).ToList();

        var ndjson = await harness.Run(Job(harness.Write("a.ndjson", string.Join('\n', lines) + "\n")));
        var document = await harness.Run(Job(harness.Write("a.json", $"[{string.Join(",\n", lines)}]")));

        Assert.All([ndjson, document], result =>
        {
            Assert.Equal(
                names.Split(','),
                result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()));
            Assert.Equal(rows, string.Join(' ', result.GetProperty("rows").EnumerateArray().Select(row => row.GetRawText())));
        });
    }

    [Theory]
    [InlineData("""{"a":1,,"b":"x"}""", "not valid JSON")]
    [InlineData("""{"a":1,"b":"x",}""", "not valid JSON")]
    [InlineData("""{"a":NaN,"b":"x"}""", "not valid JSON")]
    [InlineData("""{"a":1,"b":"x"} 7""", "not valid JSON")]
    [InlineData("""{"a":1,"b":"x","a":2}""", "column 'a'. The object has the key twice.")]
    [InlineData("""{"a":12.5,"b":"x"}""", "column 'a': value '12.5' is not a valid BIGINT. A whole number is written in digits alone.")]
    [InlineData("""{"a":"1e3","b":"x"}""", "column 'a': value '1e3' is not a valid BIGINT")]
    [InlineData("""{"a":1,"b":"x","n":{"k":1,"c":2}}""", "column 'n.c'")]
    [InlineData("""[1]""", "not a JSON object")]
    public async Task Convert_LateFault_IsNamedWithItsPlaceOrSetAside(string bad, string reason)
    {
        var path = harness.Write(
            "late.ndjson",
            string.Concat(Enumerable.Range(0, 60_000)
                .Select(i => i == 50_000 ? bad + "\n" : $"{{\"a\":{i},\"b\":\"text {i}\",\"n\":{{\"k\":1}}}}\n")));

        // Declared types are not widened by what does not fit them.
        var job = Job(path, new SourceOptions { Columns = new Dictionary<string, string> { ["a"] = "BIGINT" } });
        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(job));
        if (!bad.Contains("\"c\"", StringComparison.Ordinal))
        {
            await harness.Run(job with { OnBadRow = BadRowPolicy.Quarantine });
            Assert.Equal(1, harness.Quarantined);
        }

        Assert.Contains($"{path}, line 50001, byte", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":[1,"x"],"n":123456789012345678901234567890}""", null)]
    [InlineData("""{"a":[1,{"k":18446744073709551615}]}""", null)]
    [InlineData("""{"a":[1,"x",0.1234567890123456]}""", null)]
    [InlineData("""{"a":[1,{"k":-0.123456789012345678}]}""", "-0.123456789012345678")]
    [InlineData("""{"a":[1,"x",1.234567890123456789e5]}""", "1.234567890123456789e5")]
    public async Task Convert_NumbersWithoutAType_KeepAllDigitsOrAreRefused(string record, string? refused)
    {
        var columns = new Dictionary<string, string> { ["a"] = "JSON", ["n"] = "JSON" };
        var path = harness.Write("digits.ndjson", record + "\n");
        var job = Job(path, new SourceOptions { Columns = columns });
        job = job with { Output = new OutputSpec { Path = "out", Format = OutputFormat.Ndjson } };

        var failure = await Record.ExceptionAsync(() => harness.Run(job));

        if (refused is null)
        {
            Assert.Null(failure);
            var read = JsonDocument.Parse(
                await File.ReadAllTextAsync(harness.LastFiles[0].Path, TestContext.Current.CancellationToken)).RootElement;
            Assert.All(JsonDocument.Parse(record).RootElement.EnumerateObject(),
                field => Assert.Equal(field.Value.GetRawText(), read.GetProperty(field.Name).GetRawText()));
        }
        else
        {
            Assert.Contains($"value '{refused}'", failure?.Message, StringComparison.Ordinal);
            Assert.Contains("line 1, byte 0", failure!.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(UnknownKeys.Conflict, "schema-conflict", 0)]
    [InlineData(UnknownKeys.BadRow, "bad-row", 1)]
    [InlineData(UnknownKeys.Ignore, null, 0)]
    public async Task Convert_KeyThatTheSampleLacks_IsRefusedSetAsideOrPassedOver(
        UnknownKeys unknown, string? code, long quarantined)
    {
        var path = harness.Write("rare.ndjson", Rare());
        var job = Job(path, new SourceOptions { UnknownKeys = unknown });

        var refused = await Record.ExceptionAsync(() => harness.Run(job));
        JsonElement? lenient = unknown == UnknownKeys.Conflict
            ? null
            : await harness.Run(job with { OnBadRow = BadRowPolicy.Quarantine });

        Assert.Equal(code, (refused as ClusterException)?.Problem.Code);
        Assert.Equal(lenient is null ? 0 : 60_001 - quarantined, lenient?.GetProperty("totalRows").GetInt64() ?? 0);
        if (refused is not null)
        {
            Assert.Contains("line 40001, byte", refused.Message, StringComparison.Ordinal);
            Assert.Contains("'rare' in options.columns", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Convert_KeyThatIsDeclared_IsAColumn()
    {
        var options = new SourceOptions { Columns = new Dictionary<string, string> { ["rare"] = "decimal(30,20)" } };

        var result = await harness.Run(Job(harness.Write("rare.ndjson", Rare()), options));

        Assert.Equal("0.12345678901234567890", result.GetProperty("rows")[40_000][2].GetString());
    }

    [Theory]
    [InlineData("b.json", "[{\"a\":1},\n\n {\"a\":2},\n{\"a\":3.5}]", "line 4, byte 21, column 'a': value '3.5'")]
    [InlineData("b.json", "{\"b\\u0000c\":1}", "NUL character")]
    [InlineData("b.ndjson", "{\"a\":1}\n{\"b\\u0000c\":1}\n", "line 2: the key 'b\\u0000c' has a NUL character")]
    [InlineData("b.json", "[7,8,123456789012345678901]", "cannot be a record of its own")]
    [InlineData("b.ndjson", "nonsense\n{\n", "line 1 is not valid JSON")]
    public async Task Convert_Fault_NamesFileAndLine(string name, string text, string reason)
    {
        var path = harness.Write(name, text);
        var options = new SourceOptions { Columns = new Dictionary<string, string> { ["a"] = "BIGINT" } };

        var refused = await Assert.ThrowsAsync<ClusterException>(() => harness.Run(Job(path, options)));

        Assert.StartsWith(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.NotEqual("internal", refused.Problem.Code);
    }

    [Theory]
    [InlineData("blank.json", " \n\t\n")]
    [InlineData("blank.ndjson", " \n\t\n")]
    public async Task Convert_BlankFile_HasNoRows(string name, string text)
    {
        var options = new SourceOptions { Columns = new Dictionary<string, string> { ["a"] = "BIGINT" } };

        Assert.Equal(0, (await harness.Run(Job(harness.Write(name, text), options))).GetProperty("totalRows").GetInt64());
    }

    [Fact]
    public async Task Convert_DeepNesting_IsKept()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 55)) + "1" + new string('}', 55);

        var result = await harness.Run(Job(harness.Write("deep.ndjson", deep + "\n")));

        Assert.Equal($"[{deep[5..^1]}]", result.GetProperty("rows")[0].GetRawText());
    }

    [Theory]
    [InlineData("ci.ndjson", "name,Name_1,v")]
    [InlineData("cs.ndjson", "a,b")]
    [InlineData("ek.json", "column0,a")]
    [InlineData("es.ndjson", "a,b")]
    [InlineData("D2_nested.ndjson", "id,s")]
    public async Task Convert_SharedFault_HasItsColumns(string name, string columns)
    {
        var result = await harness.Run(Job(Path.Combine(SharedData.Require("faults"), name)));

        Assert.Equal(
            columns.Split(','),
            result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString()));
    }

    private static string Rare() => string.Concat(Enumerable.Range(0, 60_001).Select(i =>
        i == 40_000
        ? "{\"a\":40000,\"b\":\"x\",\"rare\":0.12345678901234567890}\n"
        : $"{{\"a\":{i},\"b\":\"text number {i} of sixty thousand\"}}\n"));

    private static JobSpec Job(string path, SourceOptions? options = null) => new()
    {
        Operation = OperationKind.Convert, Source = new SourceSpec { Path = [path], Options = options ?? new SourceOptions() },
    };
}
