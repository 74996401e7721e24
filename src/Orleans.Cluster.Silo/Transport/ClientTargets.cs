using System.Text;
using Microsoft.AspNetCore.Connections;
using Orleans.Cluster.Gateway.Inside;
using Orleans.Cluster.InsideContracts;
using Orleans.Metadata;
using Orleans.Runtime;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// Which targets messages of clients may have: the grains of <c>InsideContracts</c>, and what an Orleans client asks of its
/// gateway, the manifest of the cluster's types. The target is what counts: whatever the body of a message says, it can only call
/// what its target offers.
/// </summary>
internal sealed class ClientTargets(
    GrainTypeResolver types, GrainInterfaceTypeResolver interfaces, ILocalSiloDetails silo)
{
    // What Orleans needs besides, by the names that it has on the wire.
    private static readonly GrainType Client = GrainType.Create("sys.client");
    private static readonly GrainType Manifest = GrainType.Create("sys.svc.manifest");
    private static readonly GrainInterfaceType Cancellation =
        GrainInterfaceType.Create("Orleans.Runtime.IGrainCallCancellationExtension");

    private const MessageFlags Harmless = MessageFlags.ReadOnly | MessageFlags.AlwaysInterleave | MessageFlags.Unordered
        | MessageFlags.HasRequestContextData | MessageFlags.HasInterfaceVersion | MessageFlags.HasInterfaceType
        | MessageFlags.HasTimeToLive | MessageFlags.SuppressKeepAlive;
    private const int LongestKey = 64;

    private readonly Dictionary<GrainType, GrainInterfaceType> contracts = new()
    {
        [types.GetGrainType(typeof(JobRequestsGrain))] = interfaces.GetGrainInterfaceType(typeof(IJobRequestsGrain)),
        [types.GetGrainType(typeof(RowsGrain))] = interfaces.GetGrainInterfaceType(typeof(IRowsGrain)),
    };

    /// <summary>
    /// Whether a message goes on. False for one to the manifest of another silo, which a client sends when the gateway that it
    /// meant is gone; it would not arrive.
    /// </summary>
    /// <exception cref="ConnectionAbortedException">No client of this product sends such a message.</exception>
    public bool MayPass(MessageHeader header)
    {
        if (header.Direction is not (MessageDirection.Request or MessageDirection.OneWay) || (header.Flags & ~Harmless) != 0
            || header.Sender.Type != Client)
        {
            throw new ConnectionAbortedException("It sent a message that is none of a client's.");
        }

        if (header.Target.Type == Manifest)
        {
            return header.Silo is { } address && address.Endpoint.Equals(silo.GatewayAddress.Endpoint)
                && (address.Generation == 0 || address.Generation == silo.GatewayAddress.Generation);
        }

        if (!contracts.TryGetValue(header.Target.Type, out var contract)
            || (header.Interface != contract && header.Interface != Cancellation)
            || header.Target.Key.AsSpan() is not { Length: > 0 and <= LongestKey })
        {
            throw new ConnectionAbortedException(
                $"It called '{Shown(header.Interface.Value)}' of '{Shown(header.Target.Type.Value)}', which is not for clients.");
        }

        return true;
    }

    // A stranger's text in our log.
    private static string Shown(IdSpan name)
    {
        var text = Encoding.ASCII.GetString(name.AsSpan()[..Math.Min(name.AsSpan().Length, LongestKey)]);
        return new string([.. text.Select(letter => char.IsControl(letter) ? '?' : letter)]);
    }
}
