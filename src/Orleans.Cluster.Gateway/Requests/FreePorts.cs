using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Ports for Orleans, which needs to know its own before it listens.</summary>
internal static class FreePorts
{
    // Below the range that systems use for outgoing connections (32768 and up on Linux), so that none of those takes the port
    // between this look and the silo's own bind. Random, because several workers of one machine look at the same time; should two
    // still meet, one ends and is started again.
    private const int First = 20_000;
    private const int Last = 32_000;
    private const int Tries = 200;

    public static int Take(IPAddress address)
    {
        for (var i = 0; i < Tries; i++)
        {
            var port = Random.Shared.Next(First, Last);
            if (IsFree(new IPEndPoint(address, port)))
            {
                return port;
            }
        }

        throw new StartRefusedException($"No free port between {First} and {Last} on {address} after {Tries} tries.");
    }

    public static bool IsFree(IPEndPoint endpoint) => Look(endpoint) == SocketError.Success;

    /// <summary>Why nothing can listen there now; <see cref="SocketError.Success"/> when something can.</summary>
    public static SocketError Look(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            return SocketError.Success;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied
            or SocketError.AddressNotAvailable)
        {
            return e.SocketErrorCode;
        }
    }

    /// <summary>Ends a start whose port or address, by the settings of these names, cannot be had.</summary>
    /// <exception cref="StartRefusedException">
    /// The port is taken or not for this user, or the address is not this machine's.
    /// </exception>
    public static void RefuseTaken(IPEndPoint endpoint, string portSetting, string addressSetting)
    {
        var error = Look(endpoint);
        if (WhyNot(error, endpoint.Address.ToString(), endpoint.Port) is { } why)
        {
            var setting = error == SocketError.AddressNotAvailable ? addressSetting : portSetting;
            throw new StartRefusedException($"{why} {Remedy(error, setting)}");
        }
    }

    /// <summary>What is wrong with a port, and where; null when nothing is.</summary>
    public static string? WhyNot(SocketError error, string host, int port) => error switch
    {
        SocketError.Success => null,
        SocketError.AccessDenied => $"This user may not listen on port {port} of {host}: low ports are the system's.",
        SocketError.AddressNotAvailable => $"This machine does not have the address {host}.",
        _ => $"Port {port} of {host} is taken by another process.",
    };

    /// <summary>What to do about it.</summary>
    public static string Remedy(SocketError error, string setting) => error switch
    {
        SocketError.AccessDenied => $"Set {setting} to another port, such as 8001.",
        SocketError.AddressNotAvailable => $"Set {setting} to one that it has.",
        _ => $"Stop that, or set {setting} to another {(setting == "Urls" ? "address" : "port")}.",
    };
}
