using System.Net.Http.Json;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>A cluster whose artifacts are on an S3 server, with what that server lacks in front of it.</summary>
public class S3StoreCluster : S3Cluster
{
    /// <summary>Where the artifacts are, in the bucket.</summary>
    public const string Artifacts = "kept/artifacts";

    public S3StoreCluster()
        : base(new S3Server(hasFront: true))
    {
        Workers = 2;
        Arguments =
        [
            .. Server.Settings, $"--Cluster:ArtifactStore=s3://{S3Server.Bucket}/{Artifacts}", "--S3:PartBytes=5242880",
            "--Jobs:PlanBeforeAccept=00:00:30", "--Retention:SweepInterval=00:00:02", "--Retention:UnknownJobs=00:00:00",
        ];
    }

    /// <summary>
    /// Objects and uploads of the artifact store that no job's result and no mark names, once nothing runs.
    /// </summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        var page = await Http.GetFromJsonAsync<JsonElement>("jobs/list?pageSize=500");
        var owned = page.GetProperty("items").EnumerateArray()
            .Where(job => job.GetProperty("result").ValueKind == JsonValueKind.Object)
            .SelectMany(job => job.GetProperty("result").GetProperty("files").EnumerateArray())
            .Select(file => $"{Artifacts}/{file.GetProperty("path").GetString()}")
            .Append($"{Artifacts}/_store.json")
            .ToHashSet();
        return [.. (await KeysAsync(Artifacts)).Where(key => !owned.Contains(key)), .. Server.Uploads];
    }
}
