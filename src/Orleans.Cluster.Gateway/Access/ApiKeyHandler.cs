using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// API keys: as a bearer token, or as the password of a browser's own login box (the name does not matter), which is how the
/// dashboard and the reference are reached. <see cref="BrowserGuard"/> keeps pages of others from using what a browser remembers.
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IApiKeyStore keys,
    TimeProvider clock)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "ApiKey";

    /// <summary>What the request offers as a key, or null.</summary>
    public static string? FindKey(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization, out var header)
            || header.Parameter is not { Length: > 0 } value)
        {
            return null;
        }

        return header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? value
            : header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? PasswordOf(value)
            : null;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (FindKey(Request) is not { } given)
        {
            return AuthenticateResult.NoResult();
        }

        return await keys.Find(given, clock.GetUtcNow(), Context.RequestAborted) is { } key
            ? AuthenticateResult.Success(new AuthenticationTicket(Caller.Of($"key:{key.Name}", key.Role, Name), Name))
            : AuthenticateResult.Fail("The key is unknown, revoked or expired.");
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = MayOpenLoginBox
            ? new StringValues(["Bearer", "Basic realm=\"Orleans.Cluster API key\", charset=\"UTF-8\""]) : "Bearer";
        return Task.CompletedTask;
    }

    // A browser that meets Basic in an answer to a script opens its login box and keeps the script waiting, so that only whole
    // pages are asked so.
    private bool MayOpenLoginBox => Request.Headers["Sec-Fetch-Mode"].ToString() is "" or "navigate";

    private static string? PasswordOf(string base64)
    {
        Span<byte> bytes = stackalloc byte[512];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return null;
        }

        var pair = Encoding.UTF8.GetString(bytes[..length]);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }
}
