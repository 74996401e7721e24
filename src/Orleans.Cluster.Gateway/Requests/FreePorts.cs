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

    public static bool IsFree(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            return false;
        }
    }
}
