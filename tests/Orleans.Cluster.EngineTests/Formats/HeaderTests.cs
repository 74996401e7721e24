using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// Whether the first record names the columns: by the types below it, or a guess that the user hears of. Never data in silence.
/// </summary>
public sealed class HeaderTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("gene,n\na,1\nb,2\n", "gene n:BIGINT", HeaderEvidence.Types)]
    [InlineData(",S1,S2\ng1,1,2\n", "column0 S1:BIGINT S2:BIGINT", HeaderEvidence.Types)]
    [InlineData("\"\",\"gene\",\"count\"\n\"1\",\"TP53\",5\n", "column0:BIGINT gene count:BIGINT", HeaderEvidence.Types)]
    [InlineData("gene,MARCH1,SEPT2\ns1,1,2\n", "gene MARCH1:BIGINT SEPT2:BIGINT", HeaderEvidence.Types)]
    [InlineData("id,a,a\n1,10,20\n", "id:BIGINT a:BIGINT a_1:BIGINT", HeaderEvidence.Types)]
    [InlineData("id,value,VALUE\n1,10,20\n", "id:BIGINT value:BIGINT VALUE_1:BIGINT", HeaderEvidence.Types)]
    [InlineData("day,x\n2024-01-01,1.5\n", "day:DATE x:DOUBLE", HeaderEvidence.Types)]
    [InlineData("name,NaN,Inf\na,1,2\n", "name NaN:BIGINT Inf:BIGINT", HeaderEvidence.Guessed)]
    [InlineData("gene,2019,2020\na,5,2\n", "gene 2019:BIGINT 2020:BIGINT", HeaderEvidence.Guessed)]
    [InlineData("gene,2019,2020\na,x,y\nb,z,w\n", "gene 2019 2020", HeaderEvidence.Guessed)]
    [InlineData("gene,2021\na,5\n", "gene 2021:BIGINT", HeaderEvidence.Guessed)]
    [InlineData("gene,1,2,3\na,5,2,1\n", "gene 1:BIGINT 2:BIGINT 3:BIGINT", HeaderEvidence.Guessed)]
    [InlineData("gene,1-2,10.1.2\na,1,2\n", "gene 1-2:BIGINT 10.1.2:BIGINT", HeaderEvidence.Guessed)]
    [InlineData("gene,tissue\nTP53,liver\n", "gene tissue", HeaderEvidence.Guessed)]
    [InlineData("#CHROM\tPOS\tID\nchr1\t100\trs1\nchr2\t200\trs2\n", "#CHROM POS:BIGINT ID", HeaderEvidence.Types)]
    [InlineData("##x=1\n##y\n#FID\tIID\nf1\ti1\nf2\ti2\n", "#FID IID", HeaderEvidence.Guessed)]
    [InlineData("# made by x\ngene\tn\na\t1\n", "gene n:BIGINT", HeaderEvidence.Types)]
    [InlineData("S1\tS2\ng1\t1\t2\ng2\t3\t4\n", "column0 S1:BIGINT S2:BIGINT", HeaderEvidence.Types)]
    public void Probe_FirstRecordOfNames_IsAHeader(string text, string expected, HeaderEvidence how)
    {
        var probe = Probe(harness.Write("a.csv", text));

        Assert.True(probe.Dialect!.Header);
        Assert.Equal(how, probe.Dialect.HeaderHow);
        Assert.Equal(
            expected,
            string.Join(' ',
                probe.Columns.Select(column => column.Type == "VARCHAR" ? column.Name : $"{column.Name}:{column.Type}")));
        Assert.Equal(how == HeaderEvidence.Guessed, probe.Warnings.Any(warning => warning.Code == "header-doubtful"));
    }

    [Theory]
    [InlineData("1,2\n3,4\n", 2)]
    [InlineData("2019,2020\na,b\n", 2)]
    [InlineData("1.5\n2\n", 2)]
    [InlineData("chr2\t100\t150\tpeak1\t1\t+\nchr3\t200\t250\tpeak2\t4\t-\n", 2)]
    [InlineData("Hamburg;12.0\nAbha;-3.4\nHamburg;9\n", 3)]
    [InlineData("1|155190|7706|1|17|O|1996-03-13|TRUCK\n1|67310|7311|2|36|O|1996-04-12|MAIL\n", 2)]
    [InlineData("a,2024-01-02\nb,2024-01-03\n", 2)]
    [InlineData("a,5\nb,7\n", 2)]
    [InlineData("chr1\t752565\t752566\nchr1\t776545\t776546\n", 2)]
    [InlineData("F1 I1 0 1\nF1 I2 0 2\n", 2)]
    public void Probe_FirstRecordOfNumbers_IsDataAndDoubtful(string text, int rows)
    {
        var probe = Probe(harness.Write("a.csv", text));

        Assert.False(probe.Dialect!.Header);
        Assert.Equal(HeaderEvidence.Guessed, probe.Dialect.HeaderHow);
        Assert.Equal(rows, probe.Files[0].EstimatedRows);
        Assert.Contains(
            "options.header", Assert.Single(probe.Warnings, warning => warning.Code == "header-doubtful").Detail,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x,1\ny,2\n", "k:VARCHAR n:BIGINT", false)]
    [InlineData("k,n\ny,2\n", "k:VARCHAR n:BIGINT", true)]
    [InlineData("K,N\ny,2\n", "k:VARCHAR n:BIGINT", true)]
    public void Probe_DeclaredColumns_DecideByNameAndType(string text, string declared, bool isHeader)
    {
        var columns = declared.Split(' ').Select(pair => pair.Split(':')).ToDictionary(pair => pair[0], pair => pair[1]);

        var probe = Probe(harness.Write("a.csv", text), new SourceOptions { Columns = columns });

        Assert.Equal(isHeader, probe.Dialect!.Header);
        Assert.Equal(HeaderEvidence.Types, probe.Dialect.HeaderHow);
        Assert.Equal(["VARCHAR", "BIGINT"], probe.Columns.Select(column => column.Type));
        Assert.Empty(probe.Warnings);
    }

    [Fact]
    public void Probe_DeclaredNamesThatTheHeaderLacks_AreNamed()
    {
        var path = harness.Write("a.csv", "id,v\n1,2\n");

        var refused = Assert.Throws<ClusterException>(() =>
            Probe(path, new SourceOptions { Columns = new Dictionary<string, string> { ["a"] = "BIGINT", ["b"] = "BIGINT" } }));

        Assert.Equal(Contracts.ProblemCode.ColumnNotFound, refused.Code);
        Assert.Contains("'a'", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Convert_LinesBeforeTheHeader_AreSkipped(int partitions)
    {
        var preamble = harness.Write("preamble.csv", "Report \"2024,,\n,,\nk,v,w\n1,2,3\n4,5,6\n");
        var two = harness.Write("two.csv", "k,v\nkg,m\n1,2\n3,4\n");

        Assert.Equal(["[1,2,3]", "[4,5,6]"], await Rows(preamble, partitions, new SourceOptions { SkipLines = 2 }));
        Assert.Equal(["[1,2]", "[3,4]"], await Rows(two, partitions, new SourceOptions { HeaderLines = 2 }));
        Assert.Equal(["k", "v"], Probe(two, new SourceOptions { HeaderLines = 2 }).Columns.Select(column => column.Name));
        Assert.Contains(Probe(preamble).Warnings, warning => warning.Code == "header-doubtful");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Convert_NumbersWithDecimalComma_AreNumbers(int partitions)
    {
        var path = harness.Write("eu.csv", "sep=;\r\nk;x;y\r\na;1,5;2\r\nb;-0,25;3\r\nc;1e3;4\r\n");
        var asked = Probe(path);
        var probe = Probe(path, new SourceOptions { Decimal = "," });

        Assert.Equal("VARCHAR", asked.Columns[1].Type);
        Assert.Contains(asked.Warnings, warning => warning.Code == "decimal-comma"
            && warning.Detail.Contains("'x'", StringComparison.Ordinal));
        Assert.Equal(["VARCHAR", "DOUBLE", "BIGINT"], probe.Columns.Select(column => column.Type));
        Assert.Equal(
            ["[\"a\",1.5,2]", "[\"b\",-0.25,3]", "[\"c\",1000,4]"], await Rows(path, partitions, new SourceOptions
            {
                Decimal = ",",
            }));
    }

    [Theory]
    [InlineData("NA", 2)]
    [InlineData(".", 1)]
    [InlineData("NULL", 3)]
    [InlineData("N/A", 1)]
    public void Probe_WordsThatKeepAColumnFromBeingANumber_AreCounted(string word, int count)
    {
        var path = harness.Write("a.csv", "k,n\na,1\n" + string.Concat(Enumerable.Repeat($"b,{word}\n", count)) + "c,2\n");

        var warning = Assert.Single(Probe(path).Warnings, warning => warning.Code == "null-words");
        var told = Probe(path, new SourceOptions { NullValues = ["", word] });

        Assert.Contains(
            $"'n' is read as text because of {count} of {count + 2} sampled values that are '{word}'; the others are BIGINT",
            warning.Detail, StringComparison.Ordinal);
        Assert.Contains($"options.nullValues to [\"\", \"{word}\"]", warning.Detail, StringComparison.Ordinal);
        Assert.Equal("BIGINT", told.Columns[1].Type);
        Assert.Empty(told.Warnings);
    }

    [Fact]
    public void Probe_NulInAName_IsNamed()
    {
        var path = harness.Write("nul.csv", "k\0x,b\n1,2\n");

        var refused = Assert.Throws<ClusterException>(() => Probe(path));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains($"{path}: the name of column 1 holds a NUL character", refused.Message, StringComparison.Ordinal);
    }

    private DatasetProbe Probe(string path, SourceOptions? options = null) =>
        harness.Probe(new SourceSpec
        {
            Path = [path], Options = options ?? new SourceOptions(),
        }, [EngineHarness.Stamp(path)]).Get();

    private async Task<string[]> Rows(string path, int partitions, SourceOptions options) =>
        EngineHarness.Rows(await harness.Run(new JobSpec
    {
        Operation = OperationKind.Convert,
        Source = new SourceSpec { Path = [path], Options = options },
        Partitioning = new PartitioningSpec { MinPartitions = partitions },
    }));
}
