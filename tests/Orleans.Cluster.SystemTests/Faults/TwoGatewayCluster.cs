using System.Diagnostics;
using System.Security.Cryptography;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>
/// Two gateways over one database, which ask for keys and share the one that sessions and secrets are sealed with.
/// </summary>
public sealed class TwoGatewayCluster : HandRunCluster
{
    private Process? second;
    private Uri? secondAddress;

    public TwoGatewayCluster() => AsksForKeys = true;

    protected override IReadOnlyList<string> Settings =>
    [
        .. base.Settings, "--Callbacks:AllowPrivateTargets=true", "--Callbacks:Timeout=00:00:02",
        "--Callbacks:FirstDelay=00:00:00.100",
    ];

    protected override IReadOnlyDictionary<string, string> SiloEnvironment { get; } =
        new Dictionary<string, string> { ["Gateway__SessionKey"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)) };

    /// <summary>Starts what does not run.</summary>
    /// <returns>A client of the second gateway.</returns>
    public async Task<HttpClient> StartBothAsync()
    {
        await ReviveAsync();
        if (second is null || !Runs(second.Id))
        {
            second?.Dispose();
            (second, secondAddress) = StartGateway("second");
        }

        var http = new HttpClient { BaseAddress = secondAddress, Timeout = TimeSpan.FromSeconds(60) };
        http.DefaultRequestHeaders.Authorization = Http.DefaultRequestHeaders.Authorization;
        await Until(() => IsReadyAsync(http), TimeSpan.FromMinutes(3), () => Log.ToString());
        return http;
    }

    /// <summary>Kills the second gateway, if it runs.</summary>
    public Task KillSecondAsync() => KillAsync(second is null || !Runs(second.Id) ? [] : [second.Id]);

    /// <summary>Kills both workers.</summary>
    public Task KillWorkersAsync() => KillAsync(WorkerIds());

    public override async ValueTask DisposeAsync()
    {
        await KillSecondAsync();
        second?.Dispose();
        await base.DisposeAsync();
    }
}
