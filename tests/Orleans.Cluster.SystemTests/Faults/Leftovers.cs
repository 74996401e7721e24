using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>What no job and no process owns, in the folders of a cluster on which nothing runs.</summary>
internal static class Leftovers
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(60);

    /// <summary>Within a minute there are none: artifacts are results of jobs, scratch is of processes that live.</summary>
    public static Task CheckNoneAsync(EmbeddedCluster cluster) => CheckNoneAsync(cluster, GoneWithin);

    /// <summary>The same within a time: of an attempt that wrote behind its job's end, the janitor takes a second look.</summary>
    public static Task CheckNoneAsync(EmbeddedCluster cluster, TimeSpan within)
    {
        IReadOnlyList<string> left = [];
        return EmbeddedCluster.Until(
            async () =>
            {
                left = [.. await Artifacts(cluster), .. Scratch(cluster)];
                return left.Count == 0;
            },
            within,
            () => string.Join(Environment.NewLine, left));
    }

    private static async Task<IReadOnlyList<string>> Artifacts(EmbeddedCluster cluster)
    {
        var root = Path.Combine(cluster.StateFolder, "artifacts");
        var page = await cluster.Http.GetFromJsonAsync<JsonElement>("jobs/list?pageSize=500");
        var owned = page.GetProperty("items").EnumerateArray()
            .Where(job => job.GetProperty("result").ValueKind == JsonValueKind.Object)
            .SelectMany(job => job.GetProperty("result").GetProperty("files").EnumerateArray())
            .Select(file => file.GetProperty("path").GetString()!)
            .Append("_store.json") // The store's mark.
            .ToHashSet();
        return Directory.Exists(root)
            ? [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Where(file => !owned.Contains(Path.GetRelativePath(root, file)))]
            : [];
    }

    private static IReadOnlyList<string> Scratch(EmbeddedCluster cluster)
    {
        var root = Path.Combine(cluster.StateFolder, "scratch");
        if (!Directory.Exists(root))
        {
            return [];
        }

        var living = cluster.WorkerIds()
            .Append(cluster.GatewayId).Select(id => id.ToString(CultureInfo.InvariantCulture)).ToHashSet();
        return
        [
            .. Directory.EnumerateDirectories(root)
                .Where(folder => Path.GetFileName(folder) is var name && name != "results" && !living.Contains(name)),
            .. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories),
        ];
    }
}
