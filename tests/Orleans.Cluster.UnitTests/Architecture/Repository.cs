namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.Cluster.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No Orleans.Cluster.sln above the tests.");
        }

        return folder.FullName;
    }
}
