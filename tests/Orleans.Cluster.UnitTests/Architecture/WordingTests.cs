using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// What users can read, in one file: every text that the compiled programs hold, and every page beside them. Read
/// <c>texts.txt</c> in the tests' output folder through now and then; what is known to be bad English fails here.
/// </summary>
public sealed partial class WordingTests
{
    private const int ShortestText = 12;

    private static readonly string[] Programs =
        ["Contracts", "Protocol", "Planning", "Engine", "Executor", "Coordination", "Worker", "Files", "Storage", "Gateway",
            "Console", "Silo", "Client", "Cli"];

    [Fact]
    public void Texts_OfProgramsAndPages_AreWrittenInPlainEnglish()
    {
        var texts = Programs.SelectMany(OfAssembly).Concat(OfPages()).Distinct().ToList();

        File.WriteAllLines(Path.Combine(AppContext.BaseDirectory, "texts.txt"), texts);
        Assert.True(texts.Count > 2_000, $"{texts.Count} texts were found.");
        Assert.DoesNotContain(texts, text => Dialect().IsMatch(text));
    }

    [Theory, InlineData("The field stands here twice."), InlineData("columns, parted by commas"),
        InlineData("' is no role. Write"), InlineData("is no place of an object store."), InlineData("some are no objects"),
        InlineData("A query stands behind sql."), InlineData("this process has no leave to")]
    public void Dialect_OfKnownSlips_IsFound(string text) => Assert.Matches(Dialect(), text);

    [Theory, InlineData("There is no job"), InlineData("there are no columns"), InlineData("It is no longer there"),
        InlineData("is not a role")]
    public void Dialect_OfPlainEnglish_IsNotFound(string text) => Assert.DoesNotMatch(Dialect(), text);

    // The heap of user strings has all literals, those of generated logging and of pages' markup too.
    private static IEnumerable<string> OfAssembly(string name)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"Orleans.Cluster.{name}.dll"));
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var found = new List<string>();
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = metadata.GetNextHandle(handle))
        {
            found.AddRange(metadata.GetUserString(handle)
                .Split('\n').Select(line => line.Trim()).Where(line => line.Length >= ShortestText && line.Contains(' ')));
        }

        return found;
    }

    private static IEnumerable<string> OfPages()
    {
        var root = Repository.Root;
        var deploy = Directory.EnumerateFiles(Path.Combine(root, "deploy"), "*.md", SearchOption.AllDirectories);
        var scripts = Directory.EnumerateFiles(Path.Combine(root, "src", "Orleans.Cluster.Console", "Assets"), "*.js");
        return deploy.Concat(scripts)
            .Append(Path.Combine(root, "README.md")).SelectMany(File.ReadLines).Select(line => line.Trim())
            .Where(line => line.Length >= ShortestText && !line.StartsWith("//", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\bstands? (?:here|once|behind)\b|\bparted? (?:it )?by\b|\bno leave to\b|"
        + @"(?<!\bthere)(?:^| )(?:is|are) no (?!longer\b|more\b|other\b)[a-z]", RegexOptions.IgnoreCase)]
    private static partial Regex Dialect();
}
