using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>
/// Keeps web pages of others out. Any page that a user opens can send requests to loopback, where no key is asked for: by its own
/// script (the browser then says its <c>Origin</c>), or after its name was bound to 127.0.0.1 (the browser then says that name as
/// <c>Host</c>).
/// </summary>
internal sealed class BrowserGuard(RequestDelegate next, IOptions<GatewayOptions> options)
{
    private readonly HashSet<string> hosts = new(options.Value.AllowedHosts, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> origins = new(options.Value.AllowedOrigins, StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = "frame-ancestors 'self'";
        if (IsLoopback(context) && !IsOurs(context.Request.Host))
        {
            throw new ClusterException(
                Contracts.ProblemCode.Forbidden, "The Host header names another host.",
                "Use http://localhost or http://127.0.0.1, or set Gateway:AllowedHosts.");
        }

        if (!IsSameOrigin(context.Request))
        {
            if (context.Request.Headers.Origin is not [{ } origin] || !origins.Contains(origin))
            {
                throw new ClusterException(
                    Contracts.ProblemCode.Forbidden, "Pages of another origin may not use this gateway.",
                    "Gateway:AllowedOrigins names those that may.");
            }

            if (OtherOrigin.Admit(context, origin))
            {
                return Task.CompletedTask;
            }
        }

        return IsForeignForm(context.Request)
            ? throw new ClusterException(
                Contracts.ProblemCode.UnsupportedMediaType, "The body must be JSON.", "Send 'Content-Type: application/json'.")
            : next(context);
    }

    private static bool IsLoopback(HttpContext context) =>
        context.Connection.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);

    // A browser always names a host; what does not is no browser.
    private bool IsOurs(HostString host) =>
        !host.HasValue || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        || hosts.Contains(host.Host);

    private static bool IsSameOrigin(HttpRequest request)
    {
        var origins = request.Headers.Origin;
        return origins.Count == 0
            || (origins.Count == 1
                && string.Equals(origins[0], $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase));
    }

    // A form of another page can post these types without asking first.
    private static bool IsForeignForm(HttpRequest request) =>
        request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        && HttpMethods.IsPost(request.Method) && !string.IsNullOrEmpty(request.ContentType) && !request.HasJsonContentType();
}
