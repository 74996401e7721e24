using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>The client as somebody else gets it: from a feed, into a new project, with the code of its readme.</summary>
[Collection("gateway")]
[Trait("Category", "Long")]
public sealed partial class ClientPackageTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Readme_InANewProjectWithThePackage_PrintsRows()
    {
        gateway.Write("counts.csv", "gene,count\nTP53,12\nEGFR,5\nTP53,30\n");
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-package-").FullName;
        // A version of its own: a package of the same version from an earlier run would be taken from the cache.
        var version = $"0.1.0-test{DateTime.UtcNow.Ticks}";
        try
        {
            foreach (var project in new[] { "Contracts", "Client" })
            {
                await RunAsync(
                    Root(), "pack", $"src/Orleans.Cluster.{project}", "-c", Configuration, "-o", Path.Combine(folder, "feed"),
                    $"-p:Version={version}", "-v", "q");
            }

            await RunAsync(folder, "new", "console", "-o", "app", "--no-restore");
            var app = Path.Combine(folder, "app");
            var readme = await File.ReadAllTextAsync(Path.Combine(Root(), "src", "Orleans.Cluster.Client", "README.md"));
            await File.WriteAllTextAsync(Path.Combine(app, "Program.cs"), Code().Match(readme).Groups["code"].Value);
            await File.WriteAllTextAsync(
                Path.Combine(app, "NuGet.config"),
                $"""<configuration><packageSources><add key="local" value="{Path.Combine(folder, "feed")}" /></packageSources></configuration>""");
            await RunAsync(app, "add", "package", "Orleans.Cluster.Client", "--version", version);

            var printed = await RunAsync(app, "run");

            // A program that reads rows deploys no compiler.
            var deployed = Directory.EnumerateFiles(Path.Combine(app, "bin"), "*.dll", SearchOption.AllDirectories)
                .Select(Path.GetFileName).ToList();
            Assert.Contains("Orleans.Cluster.Client.dll", deployed);
            Assert.DoesNotContain(deployed, name => name!.Contains("CodeAnalysis", StringComparison.Ordinal)
                || name.Contains("CodeGenerator", StringComparison.Ordinal));
            Assert.Equal(
                ["TP53 42 2", "EGFR 5 1"],
                printed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Forget(version);
        }
    }

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["ORLEANS_CLUSTER_SERVER"] = gateway.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)}\n{output}{await errors}");
        return output;
    }

    private static void Forget(string version)
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var name in new[] { "orleans.cluster.client", "orleans.cluster.contracts" })
        {
            var cached = Path.Combine(cache, name, version);
            if (Directory.Exists(cached))
            {
                Directory.Delete(cached, recursive: true);
            }
        }
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("```csharp\n(?<code>using .*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
