using Orleans.Cluster.Files.Datasets;

namespace Orleans.Cluster.UnitTests.Planning;

/// <summary>What a search costs, and what is no pattern.</summary>
public sealed class GlobPatternTests : IDisposable
{
    private const int Depth = 14;

    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-globs-").FullName;

    public GlobPatternTests()
    {
        var deepest = Path.Combine([folder, .. Enumerable.Repeat("d", Depth)]);
        Directory.CreateDirectory(deepest);
        File.WriteAllText(Path.Combine(deepest, "f.csv"), "");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // There are thousands of ways to lay these parts over 14 folders; each folder is looked through once for each part.
    [Theory]
    [InlineData("**/**/**/**/**/**/**/*.csv", 60)]
    [InlineData("**/*/**/*/**/*/**/*/**/*/**/*.csv", 15 * 12 * 3)]
    [InlineData("**/d/**/d/**/d/**/d/**/d/**/none", 15 * 12 * 3)]
    public void Find_ManyWaysToOneFile_LooksAtFoldersTimesPartsNames(string pattern, int atMostNames)
    {
        var found = new GlobPattern(folder, pattern, atMostNames).Find(100, TestContext.Current.CancellationToken);

        Assert.Equal(pattern.EndsWith(".csv", StringComparison.Ordinal) ? 1 : 0, found.Count);
    }

    [Fact]
    public void Find_MoreNamesThanAllowed_SaysSo()
    {
        var refusal = Assert.Throws<InvalidDataException>(() =>
            new GlobPattern(folder, "**/*.csv", Depth).Find(100, TestContext.Current.CancellationToken));

        Assert.Contains($"more than {Depth} names", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_TooManyParts_SaysSo()
    {
        var refusal = Assert.Throws<InvalidDataException>(() =>
            new GlobPattern(folder, string.Join('/', Enumerable.Repeat("*", GlobPattern.MaxParts + 1))));

        Assert.Contains($"at most {GlobPattern.MaxParts}", refusal.Message, StringComparison.Ordinal);
    }
}
