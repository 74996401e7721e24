using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>The jobs of the page of operations run as they stand there, over the tables beside them.</summary>
[Collection("gateway")]
public sealed partial class OperationPageTests(GatewayCluster gateway)
{
    [Fact]
    public async Task Examples_OfThePage_AllSucceed()
    {
        var examples = Path.Combine(Deploy(), "examples");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(examples, "data"), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(gateway.Cluster.Folder, Path.GetRelativePath(examples, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        var jobs = Example().Matches(await File.ReadAllTextAsync(Path.Combine(Deploy(), "reference", "OPERATIONS.md")))
            .Select(match => match.Groups["job"].Value).ToList();

        Assert.Equal(17, jobs.Count);
        var ids = new List<string>();
        foreach (var job in jobs)
        {
            // The id of another job is that of the one before, and nothing is told to a receiver elsewhere.
            var here = job.Replace("01JD7Z4Q8M3K5T6V7W8X9Y0ABC", ids.LastOrDefault(), StringComparison.Ordinal)
                .Replace("\"https://example.org/hook\"", "\"http://127.0.0.1:9/hook\"", StringComparison.Ordinal);
            ids.Add(GatewayCluster.Id(await gateway.Cluster.SubmitAsync(JsonDocument.Parse(here).RootElement)));
        }

        foreach (var id in ids)
        {
            var end = await gateway.Cluster.WaitForEndAsync(id);
            Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED"
                && end.GetProperty("result").GetProperty("rows").GetInt64() > 0, end.ToString());
        }
    }

    private static string Deploy([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy");

    [GeneratedRegex("```json\n(?<job>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
