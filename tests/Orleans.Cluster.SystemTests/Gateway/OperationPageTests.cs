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
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Deploy(), "examples", "data")))
        {
            var copy = Path.Combine(gateway.Cluster.Folder, "data", Path.GetFileName(file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        var jobs = Example().Matches(await File.ReadAllTextAsync(Path.Combine(Deploy(), "reference", "OPERATIONS.md")))
            .Select(match => JsonDocument.Parse(match.Groups["job"].Value).RootElement).ToList();

        Assert.Equal(12, jobs.Count);
        var ids = new List<string>();
        foreach (var job in jobs)
        {
            ids.Add(GatewayCluster.Id(await gateway.Cluster.SubmitAsync(job)));
        }

        foreach (var id in ids)
        {
            var end = await gateway.Cluster.WaitForEndAsync(id);
            Assert.True(end.GetProperty("status").GetString() == "SUCCEEDED" && end.GetProperty("result").GetProperty("rows").GetInt64() > 0, end.ToString());
        }
    }

    private static string Deploy([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy");

    [GeneratedRegex("```json\n(?<job>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
