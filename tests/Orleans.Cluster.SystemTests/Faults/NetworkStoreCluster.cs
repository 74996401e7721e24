using System.Globalization;
using Orleans.Cluster.SystemTests.EndToEnd;
using Orleans.Cluster.SystemTests.Faults.Campaign;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// The hosts of a <see cref="NetworkCluster"/> and one more with an S3 server, which has all data and all artifacts: no folder is
/// shared. Each host sees a folder of its own where the others see theirs, under the same name.
/// </summary>
public sealed class NetworkStoreCluster : NetworkCluster
{
    /// <summary>The host of the S3 server.</summary>
    public const int StoreHost = Hosts;

    private static readonly Uri Inner = new("http://127.0.0.1:9001");
    private static readonly Uri Outer = new($"http://{NetworkHosts.Address(StoreHost)}:9000");

    private S3Server? server;
    private S3Bucket? bucket;

    /// <summary>Whether such a cluster can be here.</summary>
    public static new bool IsPossible => NetworkCluster.IsPossible && S3Server.IsExpected;

    public S3Server Objects => server ?? throw new InvalidOperationException("The cluster was not started yet.");

    public S3Bucket Bucket => bucket ?? throw new InvalidOperationException("The cluster was not started yet.");

    protected override int HostCount => Hosts + 1;

    protected override IReadOnlyDictionary<string, string> SiloEnvironment => S3Bucket.Secrets;

    protected override IReadOnlyList<string> Store => [.. S3Bucket.StoreSettings, .. server?.Settings ?? []];

    public override ValueTask InitializeAsync() => IsPossible ? base.InitializeAsync() : ValueTask.CompletedTask;

    /// <summary>The folder that a host has to itself.</summary>
    public string FolderOf(int host) => Path.Combine(Folder, "hosts", host.ToString(CultureInfo.InvariantCulture));

    public override async ValueTask DisposeAsync()
    {
        bucket?.Dispose();
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override async Task PrepareAsync()
    {
        for (var host = FirstGateway; host < Hosts; host++)
        {
            Directory.CreateDirectory(FolderOf(host));
            File.Copy(Certificate, Path.Combine(FolderOf(host), Path.GetFileName(Certificate)));
        }

        server = new S3Server(new S3Place(Inner, Outer)
        {
            Within = Network.Enter(StoreHost),
            Bind = address => Network.Bind(StoreHost, address),
            Connect = (address, cancellationToken) => Network.ConnectAsync(StoreHost, address, cancellationToken),
        });
        await server.StartAsync();
        bucket = new S3Bucket(server);
    }

    protected override IReadOnlyList<string> On(int host) =>
    [
        .. base.On(host), "sh", "-c", "mount --bind \"$1\" \"$2\" && cd \"$2\" && shift 2 && exec \"$@\"", "sh", FolderOf(host),
        Folder,
    ];
}
