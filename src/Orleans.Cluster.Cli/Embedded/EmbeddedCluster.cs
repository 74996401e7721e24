using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>
/// A cluster on this machine as child processes. It ends with this object, and with this process however that ends.
/// </summary>
internal sealed class EmbeddedCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Characters of the silo's words that fit a line beside ours.</summary>
    private const int LongestQuote = 100;

    private readonly SiloProcess silo;
    private readonly EmbeddedClusterSettings settings;

    private EmbeddedCluster(SiloProcess silo, EmbeddedClusterSettings settings, Uri address)
    {
        this.silo = silo;
        this.settings = settings;
        Address = address;
        Connection = ClusterConnection.Open(address);
    }

    public Uri Address { get; }

    public ClusterConnection Connection { get; }

    public int ProcessId => silo.Id;

    /// <summary>Starts the silo and waits until it is ready.</summary>
    /// <exception cref="EmbeddedClusterException">It ended or was not ready in time; nothing is left running.</exception>
    public static async Task<EmbeddedCluster> StartAsync(EmbeddedClusterSettings settings, CancellationToken cancellationToken)
    {
        var address = settings.Address ?? new Uri($"http://127.0.0.1:{FreePort()}");
        if (PortHolder.IsTaken(address))
        {
            var holder = PortHolder.Describe(address.Port) is { } who ? $" by {who}" : "";
            throw new EmbeddedClusterException(
                $"Port {address.Port} of {address.Host} is taken{holder}. Stop that, or choose another address with --url "
                + $"http://127.0.0.1:{address.Port + 1}.");
        }

        var folder = settings.SiloFolder ?? Path.Combine(AppContext.BaseDirectory, "silo");
        MakeState(settings.StateDirectory);
        var log = Path.Combine(settings.StateDirectory, "logs", "gateway.out");
        var silo = SiloProcess.Start(folder, settings.Arguments(address, Environment.ProcessId), log);
        var cluster = new EmbeddedCluster(silo, settings, address);
        try
        {
            await cluster.WaitUntilReadyAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Completes when the silo has ended by itself.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await silo.WaitForExitAsync(cancellationToken);
        return silo.ExitCode;
    }

    /// <summary>Ends the cluster: asks, waits, kills what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        Connection.Dispose();
        await silo.StopAsync(settings.StopLimit);
        await silo.DisposeAsync();
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        // Asks without repetitions of its own: refused connections are what is expected here.
        using var probe = ClusterConnection.Open(new JobClientOptions { Address = Address, Retries = 0 });
        var begun = Stopwatch.GetTimestamp();
        var watch = new StartWatch(settings.StallLimit, settings.NoteEvery);
        while (!await probe.Cluster.IsReadyAsync(cancellationToken))
        {
            ThrowIfEnded();
            var elapsed = Stopwatch.GetElapsedTime(begun);
            var (isStuck, shouldTell) = watch.Look(elapsed, watch.ProcessorTimeOf(silo.Process), silo.LinesWritten);
            if (isStuck)
            {
                throw new EmbeddedClusterException(
                    $"The cluster was not ready after {elapsed.TotalSeconds:0} s and has done nothing for "
                    + $"{settings.StallLimit.TotalSeconds:0} s; "
                    + $"see {settings.StateDirectory}/logs.{Environment.NewLine}{silo.Tail}");
            }

            if (shouldTell)
            {
                var last = silo.Tail.Split(Environment.NewLine)[^1];
                settings.OnWait?.Invoke(
                    $"Still starting after {elapsed.TotalSeconds:0} s."
                    + $"{(last.Length > 0 ? $" Last said: {CellText.Cut(last, LongestQuote)}" : "")}");
            }

            await Task.Delay(ReadyPause, cancellationToken);
        }

        // Had it ended meanwhile, the answer would be another cluster's.
        ThrowIfEnded();
        foreach (var unknown in silo.UnknownSettings)
        {
            settings.OnWait?.Invoke(unknown);
        }
    }

    private static void MakeState(string folder)
    {
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "logs"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var why = e is UnauthorizedAccessException
                ? "this user may not write there"
                : "the file system does not take a folder there";
            throw new EmbeddedClusterException(
                $"The cluster's state cannot be in {folder}: {why}. Choose another folder with --state.");
        }
    }

    private void ThrowIfEnded()
    {
        if (silo.HasExited)
        {
            throw new EmbeddedClusterException(
                $"The cluster ended with code {silo.ExitCode} before it was ready; see {settings.StateDirectory}/logs."
                + $"{Environment.NewLine}{silo.Tail}".TrimEnd());
        }
    }

    /// <summary>A port that was free a moment ago. Should another take it first, the silo ends and says so.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
