using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>Where the console reaches the REST API: where the request that asked for a page came in.</summary>
internal static class GatewayAddress
{
    public static Uri Of(HttpContext context)
    {
        var connection = context.Connection;
        var local = connection.LocalIpAddress is { } address
            ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address
            : IPAddress.Loopback;
        // What the connection itself is, whatever a proxy before it has said about its own.
        var scheme = context.Features.Get<ITlsConnectionFeature>() is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps;
        return new UriBuilder(scheme, local.ToString(), connection.LocalPort).Uri;
    }

    /// <summary>
    /// A handler for it. The address belongs to this very process, so nobody else can answer there, and the certificate, which
    /// names the gateway as others call it, has nothing to prove.
    /// </summary>
    public static SocketsHttpHandler Handler() => new()
    {
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxConnectionsPerServer = 256,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true },
    };
}
