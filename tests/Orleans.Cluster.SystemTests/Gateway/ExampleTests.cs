using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>The examples do what they say.</summary>
[Collection("gateway")]
public sealed class ExampleTests(GatewayCluster gateway)
{
    /// <summary>What an example ends with when a package that it needs is not installed.</summary>
    private const int MissingPackage = 3;

    [Theory]
    [InlineData("python3", "submit.py")]
    [InlineData("node", "submit.mjs")]
    [InlineData("Rscript", "submit.R")]
    public async Task Example_OnAFile_PrintsTheRows(string language, string script)
    {
        await RunAsync(language, Path.Combine(Examples(), script), "genes.csv");
    }

    [Fact]
    public Task Example_WithTheClientLibrary_PrintsTheRows()
    {
        var bin = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(Examples(), "SumByGroup", "bin", bin.Parent!.Name, bin.Name, "SumByGroup.dll");
        return RunAsync("dotnet", program, "genes.csv", "gene", "n");
    }

    private async Task RunAsync(string language, params string[] arguments)
    {
        var start = new ProcessStartInfo(language, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ORLEANS_CLUSTER_SERVER"] = gateway.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);
        Process example;
        try
        {
            example = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{language} is not installed here.");
            return;
        }

        using (example)
        {
            var fault = example.StandardError.ReadToEndAsync();
            var rows = (await example.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await example.WaitForExitAsync();
            Assert.SkipWhen(example.ExitCode == MissingPackage, await fault);

            Assert.True(example.ExitCode == 0, await fault);
            Assert.Equal((10, "g0 49500", "g9 50400"), (rows.Length, rows[0].Trim(), rows[^1].Trim()));
        }
    }

    private static string Examples([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy", "examples");
}
