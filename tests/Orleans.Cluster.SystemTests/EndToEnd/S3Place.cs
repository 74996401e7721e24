using System.Net;
using System.Net.Sockets;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>Where an S3 server of a test runs, and how this process reaches it there.</summary>
/// <param name="Inner">Where s3rver listens, on the loopback of its host.</param>
/// <param name="Outer">Where what is in front of it listens; null for nothing in front of it.</param>
internal sealed record S3Place(Uri Inner, Uri? Outer)
{
    /// <summary>A command that becomes the server's program on its host; none for this one.</summary>
    public IReadOnlyList<string> Within { get; init; } = [];

    /// <summary>Makes a socket that is bound to an address of its host; null for this one.</summary>
    public Func<EndPoint, Socket>? Bind { get; init; }

    /// <summary>Connects as a program on its host does; null for this one.</summary>
    public Func<EndPoint, CancellationToken, ValueTask<Stream>>? Connect { get; init; }

    /// <summary>On free ports of this machine's loopback.</summary>
    public static S3Place OnLoopback(bool hasFront) => new(Free(), hasFront ? Free() : null);

    /// <summary>What a client of this process reaches the server through.</summary>
    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler();
        if (Connect is { } connect)
        {
            handler.ConnectCallback = (context, cancellationToken) => connect(
                new IPEndPoint(IPAddress.Parse(context.DnsEndPoint.Host), context.DnsEndPoint.Port), cancellationToken);
        }

        return handler;
    }

    private static Uri Free() => new($"http://127.0.0.1:{EmbeddedCluster.FreePort()}");
}
