using System.Xml.Linq;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>Dependencies point one way.</summary>
public sealed class DependencyTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Contracts"] = [],
        ["Planning"] = ["Contracts"],
        ["Engine"] = ["Contracts"],
        ["Executor"] = ["Engine", "Contracts"],
        ["Grains"] = ["Planning", "Contracts"],
        ["InsideContracts"] = ["Contracts"],
        ["Silo"] = ["Grains", "Planning", "InsideContracts", "Contracts"],
        ["Client"] = ["Contracts"],
        ["InsideClient"] = ["Client", "InsideContracts", "Contracts"],
        ["Cli"] = ["Client", "Contracts"],
    };

    [Fact]
    public void Projects_References_PointOneWay()
    {
        var root = Root();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var project = Short(file);
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
                .Select(reference => Short((string)reference.Attribute("Include")!));

            Assert.All(references, reference => Assert.Contains(reference, Allowed[project]));
        }
    }

    [Fact]
    public void SiloOutput_HasNoEngine()
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var silo = Path.Combine(Root(), "src", "Orleans.Cluster.Silo", "bin", bin.Parent!.Name, bin.Name);

        Assert.True(File.Exists(Path.Combine(silo, "Orleans.Cluster.Silo.dll")));
        Assert.False(File.Exists(Path.Combine(silo, "Orleans.Cluster.Engine.dll")));
        Assert.True(File.Exists(Path.Combine(silo, "executor", "Orleans.Cluster.Engine.dll")));
    }

    private static string Short(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')).Split('.')[^1];

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.Cluster.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("No Orleans.Cluster.sln above the tests.");
        }

        return folder.FullName;
    }
}
