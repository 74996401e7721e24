using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Orleans.Cluster.Cli.Following;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>
/// A cluster on this machine as child processes. It ends with this object, and with this process however that ends.
/// </summary>
internal sealed partial class EmbeddedCluster : IAsyncDisposable
{
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(100);

    /// <summary>A silo that refuses to start has said so by then, and nothing but that needs to be said.</summary>
    private static readonly TimeSpan RefusedWithin = TimeSpan.FromSeconds(2);

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
        if (PortHolder.WhyNot(address) is { } fault)
        {
            throw new EmbeddedClusterException(fault);
        }

        var folder = settings.SiloFolder ?? Path.Combine(AppContext.BaseDirectory, "silo");
        var log = StateFolder.OpenLog(settings.StateDirectory, "gateway.out", settings.StateRemedy);
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

    /// <summary>Waits until the silo has ended by itself.</summary>
    /// <returns>What is to be said of it.</returns>
    public async Task<EmbeddedClusterException> WaitForExitAsync(CancellationToken cancellationToken)
    {
        await silo.WaitForExitAsync(cancellationToken);
        return new EmbeddedClusterException($"The cluster {SiloEnd.Describe(silo.ExitCode)}; see {settings.StateDirectory}/logs.")
        {
            NamesLogs = true,
        };
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
        var isSaid = false;
        while (!await probe.Cluster.IsReadyAsync(cancellationToken))
        {
            await ThrowIfEndedAsync();
            TellNotes();
            var elapsed = Stopwatch.GetElapsedTime(begun);
            var (isStuck, shouldTell) = watch.Look(elapsed, watch.ProcessorTimeOf(silo.Process), silo.LinesWritten);
            if (settings.StartNote is { } note && !isSaid && elapsed > RefusedWithin)
            {
                settings.OnWait?.Invoke(note);
                isSaid = true;
            }

            if (isStuck)
            {
                throw new EmbeddedClusterException(
                    $"The cluster was not ready after {elapsed.TotalSeconds:0} s and has done nothing for "
                    + $"{settings.StallLimit.TotalSeconds:0} s; "
                    + $"see {settings.StateDirectory}/logs.{Environment.NewLine}{silo.Tail}") { NamesLogs = true };
            }

            if (shouldTell)
            {
                var last = LogPrefix().Replace(silo.Tail.Split(Environment.NewLine)[^1], "");
                settings.OnWait?.Invoke(
                    $"Still starting after {elapsed.TotalSeconds:0} s."
                    + $"{(last.Length > 0 ? $" Last said: {CellText.Cut(last, LongestQuote)}" : "")}");
            }

            await Task.Delay(ReadyPause, cancellationToken);
        }

        // Had it ended meanwhile, the answer would be another cluster's.
        await ThrowIfEndedAsync();
        TellNotes();
    }

    private void TellNotes()
    {
        foreach (var note in silo.TakeNotes())
        {
            settings.OnWait?.Invoke(note);
        }
    }

    private async Task ThrowIfEndedAsync()
    {
        if (!silo.HasExited)
        {
            return;
        }

        await silo.WaitForLastWordsAsync();
        TellNotes();
        throw SiloEnd.ReasonOf(silo.ExitCode, silo.Errors) switch
        {
            { } usage when silo.ExitCode == SiloEnd.Usage => new UsageException(usage),
            { } refusal => new EmbeddedClusterException(refusal),
            null => new EmbeddedClusterException(
                $"The cluster {SiloEnd.Describe(silo.ExitCode)} before it was ready; see {settings.StateDirectory}/logs."
                + $"{Environment.NewLine}{silo.Tail}".TrimEnd()) { NamesLogs = true },
        };
    }

    // Time, level and category are for the log.
    [GeneratedRegex(@"^\d\d:\d\d:\d\d [a-z]{4}: \S+\[\d+\] ")]
    private static partial Regex LogPrefix();

    /// <summary>A port that was free a moment ago. Should another take it first, the silo ends and says so.</summary>
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
