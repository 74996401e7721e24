using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>Sizes that keep the code readable: of lines, files and constructors. A list of what is still larger may only become shorter.</summary>
public sealed class ShapeTests
{
    private const int MaxColumns = 130;
    private const int MaxLines = 400;
    private const int MaxParameters = 7;

    // Folders whose lines all fit.
    private static readonly string[] HeldFolders =
    [
        "src/Orleans.Cluster.Contracts", "src/Orleans.Cluster.Coordination", "src/Orleans.Cluster.Protocol", "src/Orleans.Cluster.Worker",
    ];

    private static readonly string[] LongFiles =
        ["CheckpointStoreTests.cs", "JobStoreTests.cs", "OddFileTests.cs", "OutputPublisherTests.cs"];

    private static readonly string[] LongConstructors = ["JanitorService", "JobRequests"];

    [Fact]
    public void Lines_OfHeldFolders_HaveAtMost130Columns()
    {
        var files = HeldFolders.SelectMany(Repository.Sources).ToList();

        var tooLong = files.SelectMany(file => File.ReadLines(file)
            .Select((line, index) => (line.Length, Place: $"{Path.GetRelativePath(Repository.Root, file)}:{index + 1}")))
            .Where(line => line.Length > MaxColumns).Select(line => line.Place);

        Assert.True(files.Count > 10, $"Only {files.Count} files were read.");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Files_OfSourceAndTests_HaveAtMost400Lines()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).ToList();

        var tooLong = files.Where(file => File.ReadLines(file).Count() > MaxLines).Select(Path.GetFileName).Except(LongFiles);

        Assert.True(files.Count > 500, $"Only {files.Count} files were read.");
        Assert.Empty(tooLong);
    }

    // Records are data: their parameters are their members.
    [Fact]
    public void Constructors_OfClasses_TakeAtMost7Parameters()
    {
        var classes = Directory.EnumerateFiles(AppContext.BaseDirectory, "Orleans.Cluster.*.dll")
            .Where(file => !Path.GetFileName(file).Contains("Tests", StringComparison.Ordinal))
            .SelectMany(file => Assembly.LoadFrom(file).GetTypes())
            .Where(type => type.IsClass && type.Namespace?.StartsWith("Orleans.Cluster.", StringComparison.Ordinal) == true
                && type.GetMethod("<Clone>$") is null && !type.IsDefined(typeof(CompilerGeneratedAttribute)))
            .ToList();

        var tooMany = classes
            .Where(type => type.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
                .Any(constructor => constructor.GetParameters().Length > MaxParameters))
            .Select(type => type.Name).Order();

        Assert.True(classes.Count > 500, $"Only {classes.Count} classes were looked at.");
        Assert.Equal(LongConstructors, tooMany);
    }
}
