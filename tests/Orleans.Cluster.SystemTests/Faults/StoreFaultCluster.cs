using System.Diagnostics;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Two gateways and workers over one PostgreSQL server, each on its own, with artifacts and data on an S3 server.
/// </summary>
public sealed class StoreFaultCluster : HandRunCluster
{
    private readonly S3Server server = new(hasFront: true);
    private S3Bucket? bucket;
    private Process? second;
    private HttpClient? secondHttp;

    public S3Bucket Bucket => bucket ?? throw new InvalidOperationException("The cluster was not started yet.");

    /// <summary>Workers and gateways that run.</summary>
    public IReadOnlyList<int> Silos => [.. WorkerIds(), .. ((int[])[GatewayId, second!.Id]).Where(Runs)];

    internal S3Front Front => server.Front;

    /// <summary>How many uploads in parts were neither completed nor aborted.</summary>
    public int OpenUploads => server.Uploads.Count;

    /// <inheritdoc cref="S3Bucket.LeftoversAsync"/>
    public Task<IReadOnlyList<string>> LeftoversAsync() => Bucket.LeftoversAsync(Http);

    protected override IReadOnlyList<string> Settings => [.. base.Settings, .. S3Bucket.StoreSettings, .. server.Settings];

    protected override IReadOnlyDictionary<string, string> SiloEnvironment => S3Bucket.Secrets;

    public override async ValueTask InitializeAsync()
    {
        if (!S3Server.IsExpected)
        {
            return;
        }

        await server.StartAsync();
        bucket = new S3Bucket(server);
        await base.InitializeAsync();
        await ReviveAsync();
    }

    /// <summary>Ends one silo with no warning.</summary>
    public static Task KillSiloAsync(int process) => KillAsync([process]);

    public override async Task ReviveAsync()
    {
        await base.ReviveAsync();
        if (second is null || !Runs(second.Id))
        {
            second?.Dispose();
            secondHttp?.Dispose();
            (second, var address) = StartGateway("second");
            secondHttp = new HttpClient { BaseAddress = address };
        }

        await Until(() => IsReadyAsync(secondHttp!), TimeSpan.FromMinutes(3), () => Log.ToString());
    }

    public override async ValueTask DisposeAsync()
    {
        await KillAsync(second is null || !Runs(second.Id) ? [] : [second.Id]);
        second?.Dispose();
        secondHttp?.Dispose();
        bucket?.Dispose();
        await base.DisposeAsync();
        await server.DisposeAsync();
    }
}
