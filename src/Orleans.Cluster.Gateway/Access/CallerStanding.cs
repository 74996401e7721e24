using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Whether a caller who was let in long ago would still be let in: an answer that goes on for hours must end with its key or
/// token.
/// </summary>
internal sealed class CallerStanding(IApiKeyStore keys, IOptions<GatewayOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    /// <summary>Asks now and then while one answer goes on; what it gives is false once the caller no longer counts.</summary>
    public Func<CancellationToken, Task<bool>> Watch(HttpContext context)
    {
        var askedAt = clock.GetTimestamp();
        return async cancellationToken =>
        {
            if (clock.GetElapsedTime(askedAt) < AskEvery)
            {
                return true;
            }

            askedAt = clock.GetTimestamp();
            return await Lasts(context, cancellationToken);
        };
    }

    /// <summary>False once the key is revoked or expired, or the token or the browser's session is over.</summary>
    private async Task<bool> Lasts(HttpContext context, CancellationToken cancellationToken)
    {
        if (options.Value.Authentication == AuthenticationMode.None)
        {
            return true;
        }

        var now = clock.GetUtcNow();
        if (context.Features.Get<OpenSession>()?.ExpiresAt <= now)
        {
            return false;
        }

        if (options.Value.Jwt is not null && JwtLogin.IsToken(ApiKeyHandler.FindKey(context.Request)))
        {
            return !(context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc <= now);
        }

        return ApiKeyHandler.FindKey(context.Request) is { } key && await keys.Find(key, now, cancellationToken) is not null;
    }
}
