using System.Text.RegularExpressions;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>The map in src/README.md leads to files that exist.</summary>
public sealed partial class MapTests
{
    [Fact]
    public void Map_FilesNamed_Exist()
    {
        var source = Path.Combine(Repository.Root, "src");
        var named = FileName()
            .Matches(File.ReadAllText(Path.Combine(source, "README.md")))
            .Select(match => match.Groups[1].Value).Distinct().ToList();

        var missing = named.Where(name => !File.Exists(Path.Combine(source, "Orleans.Cluster." + name)));

        Assert.True(named.Count > 30, $"Only {named.Count} files are named.");
        Assert.Empty(missing);
    }

    [GeneratedRegex(@"`(\w+/[\w/]+\.cs)`")]
    private static partial Regex FileName();
}
