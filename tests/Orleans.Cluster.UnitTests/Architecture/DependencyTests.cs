using System.Xml.Linq;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>Dependencies point one way.</summary>
public sealed class DependencyTests
{
    // Which projects each may refer to; those of its references come with them. Folders within a project are free but for cycles.
    private static readonly Dictionary<string, string[]> Projects = new()
    {
        ["Contracts"] = [],
        ["Protocol"] = ["Contracts"],
        ["Planning"] = ["Protocol"],
        ["Engine"] = ["Protocol"],
        ["Executor"] = ["Engine"],
        ["Coordination"] = ["Planning"],
        ["Files"] = ["Coordination"],
        ["Worker"] = ["Coordination", "Files"],
        ["Storage"] = ["Coordination"],
        ["InsideContracts"] = ["Contracts"],
        ["Gateway"] = ["Coordination", "Files", "InsideContracts"],
        ["Console"] = ["Contracts"],
        ["Silo"] = ["Gateway", "Storage", "Worker", "Console"],
        ["Client"] = ["Contracts"],
        ["InsideClient"] = ["Client", "InsideContracts"],
        ["Cli"] = ["Client"],
    };

    [Fact]
    public void Namespaces_References_MakeNoCycle()
    {
        var assemblies = Projects.Keys.Select(name => Path.Combine(AppContext.BaseDirectory, $"Orleans.Cluster.{name}.dll"))
            .Where(File.Exists);

        var references = NamespaceReferences.Read(assemblies);

        Assert.Empty(Cycles(references));
    }

    [Fact]
    public void Projects_References_PointOneWay()
    {
        var root = Repository.Root;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            var project = Short(file);
            var references = XDocument.Load(file).Descendants("ProjectReference")
                .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
                .Select(reference => Short((string)reference.Attribute("Include")!));

            Assert.All(references, reference => Assert.Contains(reference, Projects[project]));
        }
    }

    [Fact]
    public void SiloOutput_HasNoEngine()
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var silo = Path.Combine(Repository.Root, "src", "Orleans.Cluster.Silo", "bin", bin.Parent!.Name, bin.Name);

        Assert.True(File.Exists(Path.Combine(silo, "Orleans.Cluster.Silo.dll")));
        Assert.False(File.Exists(Path.Combine(silo, "Orleans.Cluster.Engine.dll")));
        Assert.True(File.Exists(Path.Combine(silo, "executor", "Orleans.Cluster.Engine.dll")));
    }

    // Each group of folders that reach one another, with the references that tie it.
    private static IEnumerable<string> Cycles(IReadOnlySet<(string From, string To)> references)
    {
        var next = references.ToLookup(pair => pair.From, pair => pair.To);
        var names = references.SelectMany(pair => new[] { pair.From, pair.To }).Distinct().ToList();
        var reach = names.ToDictionary(name => name, name => Reach(name, next));
        return references.Where(pair => reach[pair.To].Contains(pair.From)).Select(pair => $"{pair.From} -> {pair.To}").Order();
    }

    private static HashSet<string> Reach(string start, ILookup<string, string> next)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>([start]);
        while (open.TryPop(out var name))
        {
            foreach (var other in next[name].Where(seen.Add))
            {
                open.Push(other);
            }
        }

        return seen;
    }

    private static string Short(string path) => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')).Split('.')[^1];
}
