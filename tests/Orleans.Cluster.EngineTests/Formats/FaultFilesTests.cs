using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Small files on which headers, dialects, folders and files that are no tables were once read wrong.</summary>
public sealed class FaultFilesTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("D1_case.csv", "id value VALUE_1", "names-mended", 2)]
    [InlineData("D1_date.csv", "gene MARCH1 SEPT2", "", 2)]
    [InlineData("D1_ids.csv", "gene 1-2 10.1.2", "header-doubtful", 2)]
    [InlineData("D1_index.csv", "column0 gene count", "names-mended", 2)]
    [InlineData("D1_nan.csv", "name NaN Inf", "header-doubtful", 2)]
    [InlineData("D1_rnames.csv", "column0 gene count", "names-mended", 2)]
    [InlineData("D1_twice.csv", "id a a_1", "names-mended", 2)]
    [InlineData("D1_year.csv", "gene 2019 2020", "header-doubtful", 2)]
    [InlineData("rn1.csv", "column0 s1 s2 s3", "names-mended", null)]
    [InlineData("rn6.tsv", "column0 s1 s2", "names-mended", null)]
    [InlineData("one.csv", "a", "", 1)]
    [InlineData("D3_parts/*.csv", "gene n", "header-doubtful", 6)]
    [InlineData("D3_second/*.csv", "gene n", "header-doubtful", 3)]
    [InlineData("D3_delims/*.csv", "gene n", "", 2)]
    [InlineData("D13_hive/tissue=A/p.csv", "tissue n", "folder-column-hidden", 1)]
    public async Task Convert_FileThatWasReadWrong_IsReadRightOrAsks(string pattern, string columns, string warnings, int? rows)
    {
        var source = new SourceSpec { Path = Files(pattern) };
        var probe = harness.Probe(source, [.. source.Path.Select(EngineHarness.Stamp)]).Get();
        var lines = source.Path.Sum(path => File.ReadLines(path).Count());

        var result = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });

        Assert.Equal(columns, string.Join(' ', probe.Columns.Select(column => column.Name)));
        Assert.Equal(warnings, string.Join(' ', probe.Warnings.Select(warning => warning.Code).Distinct()));
        Assert.Equal(rows ?? lines - 1, result.GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData("preamble.csv", 2, null, "k v w", 2)]
    [InlineData("two_header_lines.csv", null, 2, "k v", 2)]
    public async Task Convert_LinesAroundTheHeader_AreLeftOutWhereSaid(
        string name, int? skip, int? header, string columns, int rows)
    {
        var source = new SourceSpec
        {
            Path = Files(name), Options = new SourceOptions { SkipLines = skip, HeaderLines = header },
        };

        var result = await harness.Run(new JobSpec { Operation = OperationKind.Convert, Source = source });

        Assert.Equal(
            columns,
            string.Join(' ',
                result.GetProperty("columns").EnumerateArray().Select(column => column.GetProperty("name").GetString())));
        Assert.All(result.GetProperty("columns").EnumerateArray(),
            column => Assert.Equal("BIGINT", column.GetProperty("type").GetString()));
        Assert.Equal(rows, result.GetProperty("totalRows").GetInt32());
    }

    [Theory]
    [InlineData("D8_utf16le.csv", "UTF-16 without a byte order mark")]
    [InlineData("D8_book.xlsx", "zip archive")]
    [InlineData("nulhdr.csv", "NUL character")]
    public void Probe_FileThatIsNoTable_IsNamed(string name, string what)
    {
        var path = Files(name)[0];

        var refused = Assert.Throws<ClusterException>(() =>
            harness.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]).Get());

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(what, refused.Message, StringComparison.Ordinal);
    }

    // Quadratic in the columns, this would take minutes.
    [Fact]
    public void Probe_TwentyThousandColumns_AreFoundInOnePass()
    {
        const int Columns = 20_000;
        var lines = Enumerable.Range(0, 3).Select(j => string.Join(',', Enumerable.Range(0, Columns).Select(i => i + j)));
        var path = harness.Write(
            "wide.csv", string.Join('\n', lines.Prepend(string.Join(',', Enumerable.Range(0, Columns).Select(i => $"c{i}")))));

        var probe = harness.Probe(new SourceSpec { Path = [path] }, [EngineHarness.Stamp(path)]).Get();

        Assert.Equal(Columns, probe.Columns.Count);
        Assert.All(probe.Columns, column => Assert.Equal("BIGINT", column.Type));
        Assert.Equal(3, probe.Files[0].EstimatedRows);
        Assert.Empty(probe.Warnings);
    }

    private static string[] Files(string pattern)
    {
        var folder = SharedData.Require("faults");
        var path = Path.Combine(folder, pattern);
        return pattern.Contains('*', StringComparison.Ordinal)
            ? [.. Directory.GetFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path)).Order(StringComparer.Ordinal)]
            : [path];
    }
}
