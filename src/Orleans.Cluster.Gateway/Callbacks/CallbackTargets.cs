using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>
/// Which receivers a job may name. What an address says is checked at submit; where it leads is checked when it is connected to,
/// against the very address that the connection is made to: a name that is bound to another address in between gains nothing.
/// </summary>
internal sealed class CallbackTargets(IOptions<CallbackOptions> options)
{
    private const string Pointer = "/callback/url";

    /// <exception cref="ClusterException"><c>validation-failed</c>.</exception>
    public void Check(CallbackSpec? callback)
    {
        if (callback is not null && !options.Value.AllowPrivateTargets && IsPrivate(new Uri(callback.Url)))
        {
            const string Detail = "Callbacks go to public addresses alone, not to this machine or its networks.";
            throw new ClusterException(
                Contracts.ProblemCode.ValidationFailed, $"{Pointer}: {Detail}",
                "Set Callbacks:AllowPrivateTargets to allow them.",
                [new Fault(Pointer, Gateway.Forms.FaultCodes.InvalidValue, Detail)]);
        }
    }

    /// <summary>
    /// A handler that follows no redirects, uses no proxy, keeps no cookies, and connects to allowed addresses alone.
    /// </summary>
    public SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ActivityHeadersPropagator = null,
        ConnectCallback = Connect,
    };

    // Short forms of numbers, such as 127.1 or 0x7f000001, are IPv4 addresses here as they are to a socket.
    private static bool IsPrivate(Uri target)
    {
        var host = target.Host.TrimEnd('.');
        return IPAddress.TryParse(host.Trim('[', ']'), out var address)
            ? !PublicAddresses.Contains(address)
            : !host.Contains('.', StringComparison.Ordinal) || host.Any(IsDisguise)
                || Array.Exists(
                    [".localhost", ".local", ".internal", ".localdomain"],
                    end => host.EndsWith(end, StringComparison.OrdinalIgnoreCase));
    }

    // A resolver may read circled digits and their like as digits.
    private static bool IsDisguise(char character) => !char.IsAscii(character) && !char.IsLetter(character);

    private async ValueTask<Stream> Connect(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var found = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = options.Value.AllowPrivateTargets ? found : Array.FindAll(found, PublicAddresses.Contains);
        if (allowed.Length == 0)
        {
            throw new HttpRequestException(
                $"{context.DnsEndPoint.Host} leads to no public address, and callbacks go to those alone.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
