using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Whether a caller who was let in long ago would still be let in: an answer that goes on for hours must end with its key or token.</summary>
internal sealed class CallerStanding(IApiKeyStore keys, IOptions<GatewayOptions> options, TimeProvider clock)
{
    /// <summary>How long an answer may go on without asking again.</summary>
    public static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(5);

    /// <summary>False once the key is revoked or expired, or the token or the browser's session is over.</summary>
    public async Task<bool> Lasts(HttpContext context, CancellationToken cancellationToken)
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
