namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>A cluster whose artifacts are on an S3 server, with what that server lacks in front of it.</summary>
public class S3StoreCluster : S3Cluster
{
    public S3StoreCluster()
        : base(new S3Server(hasFront: true))
    {
        Workers = 2;
        Arguments =
        [
            .. Server.Settings, .. S3Bucket.StoreSettings, "--Jobs:PlanBeforeAccept=00:00:30",
        ];
    }

    /// <inheritdoc cref="S3Bucket.LeftoversAsync"/>
    public Task<IReadOnlyList<string>> LeftoversAsync() => Bucket.LeftoversAsync(Http);
}
