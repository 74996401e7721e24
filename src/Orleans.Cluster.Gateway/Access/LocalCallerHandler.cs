using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Where nobody has to log in, whoever reaches the gateway is its administrator, without a name.</summary>
internal sealed class LocalCallerHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string Name = "Local";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() =>
        Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(Caller.Of("", AccessRole.Admin, Name), Name)));
}
