namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>
/// An embedded cluster whose jobs may read and write objects of an S3 server. Its secret is in the environment, as one should do.
/// </summary>
public class S3Cluster : EmbeddedCluster
{
    private S3Bucket? bucket;

    public S3Cluster()
        : this(new S3Server())
    {
        Workers = 1;
        Arguments = [.. Server.Settings, "--Jobs:PlanBeforeAccept=00:00:30"];
    }

    protected S3Cluster(S3Server server) => Server = server;

    public S3Server Server { get; }

    public S3Bucket Bucket => bucket ?? throw new InvalidOperationException("The cluster was not started yet.");

    protected override IReadOnlyDictionary<string, string> SiloEnvironment => S3Bucket.Secrets;

    public override async ValueTask InitializeAsync()
    {
        if (!S3Server.IsExpected)
        {
            return;
        }

        await Server.StartAsync();
        bucket = new S3Bucket(Server);
        await StartAsync();
    }

    /// <summary>Puts a file of the cluster's folder into the bucket.</summary>
    public Task PutAsync(string file, string key) => Bucket.PutFileAsync(Path.Combine(Folder, file), key);

    public override async ValueTask DisposeAsync()
    {
        bucket?.Dispose();
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }
}
