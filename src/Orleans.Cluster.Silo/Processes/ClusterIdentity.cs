using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>Which cluster this process belongs to, how others reach it, and whose end is its end.</summary>
/// <param name="ClusterId">Silos with the same one form a cluster.</param>
/// <param name="Address">Where Orleans listens and others connect.</param>
/// <param name="Parent">Process whose end ends this one.</param>
internal sealed record ClusterIdentity(string ClusterId, IPAddress Address, ProcessIdentity? Parent)
{
    /// <summary>Never changes: it is part of the key of every stored grain state.</summary>
    public const string ServiceId = "orleans-cluster";

    /// <summary>The identity of a gateway. Embedded, it is a new cluster.</summary>
    public static ClusterIdentity OfGateway(ClusterSettings settings, bool isEmbedded) => new(
        settings.Id ?? (isEmbedded ? $"embedded-{Guid.CreateVersion7():N}" : ServiceId),
        AddressOf(settings),
        ParentOf(settings.ParentProcessId));

    /// <summary>The identity of a worker. Embedded, without being told it finds its gateway in the state directory.</summary>
    /// <exception cref="StartRefusedException">Embedded, and there is no gateway.</exception>
    public static ClusterIdentity OfWorker(ClusterSettings settings, bool isEmbedded)
    {
        if (!isEmbedded || settings is { Id: not null, ParentProcessId: not null })
        {
            return new ClusterIdentity(settings.Id ?? ServiceId, AddressOf(settings), ParentOf(settings.ParentProcessId));
        }

        var gateway = GatewayRecord.Read(settings.StateDirectory);
        return gateway is not null && gateway.Process.IsRunning()
            ? new ClusterIdentity(gateway.ClusterId, AddressOf(settings), gateway.Process)
            : throw new StartRefusedException(
                $"No gateway runs on the state directory {Path.GetFullPath(settings.StateDirectory)}. Start one, name its "
                + "directory " +
                "with --Cluster:StateDirectory=..., or give ConnectionStrings:Postgres.");
    }

    private static ProcessIdentity? ParentOf(int? processId) => processId is not { } id
        ? null
        : ProcessIdentity.Find(id) ?? throw new StartRefusedException($"The process that this one belongs to, {id}, is gone.");

    private static IPAddress AddressOf(ClusterSettings settings) => settings.AdvertisedAddress switch
    {
        null or "" => IPAddress.Loopback,
        "auto" => Resolve(Dns.GetHostName()),
        var name => IPAddress.TryParse(name, out var address) ? address : Resolve(name),
    };

    private static IPAddress Resolve(string name)
    {
        try
        {
            return Array.Find(Dns.GetHostAddresses(name, AddressFamily.InterNetwork), address => !IPAddress.IsLoopback(address))
                ?? throw new StartRefusedException(
                    $"The name '{name}' of Cluster:AdvertisedAddress has no IPv4 address but loopback.");
        }
        catch (SocketException e)
        {
            throw new StartRefusedException($"The name '{name}' of Cluster:AdvertisedAddress is not known: {e.Message}", e);
        }
    }
}
