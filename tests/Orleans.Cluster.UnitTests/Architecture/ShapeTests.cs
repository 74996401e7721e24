using System.Reflection;
using System.Runtime.CompilerServices;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// Sizes that keep the code readable: of lines, files and constructors.
/// </summary>
public sealed class ShapeTests
{
    private const int MaxColumns = 130;
    private const int MaxLines = 400;
    private const int MaxParameters = 7;

    // Folders whose lines all fit, text of raw strings too.
    private static readonly string[] HeldFolders =
    [
        "src/Orleans.Cluster.Contracts", "src/Orleans.Cluster.Coordination", "src/Orleans.Cluster.Protocol",
        "src/Orleans.Cluster.Worker",
    ];

    [Fact]
    public void Lines_OfSourceAndTests_HaveAtMost130Columns()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).ToList();

        var tooLong = files.SelectMany(file => Code(File.ReadLines(file))
            .Where(line => line.Text.Length > MaxColumns)
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line.Number}"));

        Assert.True(files.Count > 500, $"Only {files.Count} files were read.");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Lines_OfHeldFolders_HaveAtMost130ColumnsInRawStringsToo()
    {
        var files = HeldFolders.SelectMany(Repository.Sources).ToList();

        var tooLong = files.SelectMany(file => File.ReadLines(file).Index().Where(line => line.Item.Length > MaxColumns)
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line.Index + 1}"));

        Assert.True(files.Count > 10, $"Only {files.Count} files were read.");
        Assert.Empty(tooLong);
    }

    [Fact]
    public void Files_OfSourceAndTests_HaveAtMost400Lines()
    {
        var files = Repository.Sources("src").Concat(Repository.Sources("tests")).ToList();

        var tooLong = files.Where(file => File.ReadLines(file).Count() > MaxLines).Select(Path.GetFileName);

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
        Assert.Empty(tooMany);
    }

    // Lines but those with text of raw strings, whose line breaks are theirs.
    private static IEnumerable<(int Number, string Text)> Code(IEnumerable<string> lines)
    {
        var isRaw = false;
        foreach (var (number, line) in lines.Index())
        {
            var marks = line.Split("\"\"\"").Length - 1;
            if (!isRaw && marks == 0)
            {
                yield return (number + 1, line);
            }

            isRaw ^= marks % 2 == 1;
        }
    }
}
