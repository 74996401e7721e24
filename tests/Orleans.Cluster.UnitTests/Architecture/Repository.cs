namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>The checkout that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>The folder with the solution.</summary>
    public static string Root { get; } = Find();

    /// <summary>Source files below a folder, written by hand: what builds and migrations generate is left out.</summary>
    public static IEnumerable<string> Sources(string folder) => Directory
        .EnumerateFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Root, file)
            .Split(Path.DirectorySeparatorChar).Any(part => part is "obj" or "bin" or "Migrations"));

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
