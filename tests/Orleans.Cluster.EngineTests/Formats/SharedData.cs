namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>
/// Real data that lies beside the repository (<c>../shared/data</c>, or where the environment says); tests of it skip where it is
/// absent.
/// </summary>
internal static class SharedData
{
    /// <summary>A folder of the data. Ends the test as skipped when it is not here.</summary>
    public static string Require(string name)
    {
        var folder = Roots().Select(root => Path.Combine(root, name)).FirstOrDefault(Directory.Exists);
        Assert.SkipWhen(
            folder is null, $"{name} is not here: put it into ../shared/data, or name its parent in ORLEANS_CLUSTER_TEST_DATA.");
        return folder!;
    }

    private static IEnumerable<string> Roots()
    {
        if (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_TEST_DATA") is { Length: > 0 } named)
        {
            yield return named;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Orleans.Cluster.sln")) && folder.Parent is { } parent)
            {
                yield return Path.Combine(parent.FullName, "shared", "data");
            }
        }
    }
}
