using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Tokens of an identity provider as callers: the subject is the name, a claim the role.</summary>
internal static class JwtLogin
{
    public const string Name = JwtBearerDefaults.AuthenticationScheme;

    /// <summary>Whether it looks like a token and not like a key: three parts with dots between them.</summary>
    public static bool IsToken(string? key) => key?.Count(c => c == '.') == 2;

    public static void AddJwtLogin(this AuthenticationBuilder authentication, JwtOptions options) =>
        authentication.AddJwtBearer(Name, jwt =>
        {
            jwt.Authority = options.Authority;
            jwt.MapInboundClaims = false;
            jwt.TokenValidationParameters.ValidAudience = options.Audience;
            jwt.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
            if (options.Authority is null)
            {
                jwt.TokenValidationParameters.ValidIssuer = options.Issuer;
                jwt.TokenValidationParameters.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
                jwt.TokenValidationParameters.IssuerSigningKey = new SymmetricSecurityKey(Convert.FromBase64String(
                    options.SigningKey
                    ?? throw new InvalidOperationException("Gateway:Jwt needs an Authority, or an Issuer and a SigningKey.")));
            }

            jwt.Events = new JwtBearerEvents { OnTokenValidated = validated => Accept(validated, options.RoleClaim) };
        });

    private static Task Accept(TokenValidatedContext validated, string roleClaim)
    {
        var token = validated.Principal!;
        var roles = token.FindAll(roleClaim)
            .Select(claim => RoleOf(claim.Value));
        if (validated.SecurityToken is JsonWebToken parsed && parsed.TryGetHeaderValue<object>("crit", out _))
        {
            // It names what must be understood before the token may be believed; nothing of that kind is understood here.
            validated.Fail("The token has 'crit', which is not supported.");
        }
        else if (token.FindFirst("sub")?.Value is { Length: > 0 and <= 200 } subject && roles.Max() is { } highest)
        {
            validated.Principal = Caller.Of($"jwt:{subject}", highest, Name);
        }
        else
        {
            validated.Fail($"The token needs a 'sub', and VIEWER, SUBMITTER or ADMIN in '{roleClaim}'.");
        }

        return Task.CompletedTask;
    }

    /// <summary>The role that a claim names by its exact word; null for any other text, such as a number or a list.</summary>
    internal static AccessRole? RoleOf(string claim) => claim.ToUpperInvariant() switch
    {
        "VIEWER" => AccessRole.Viewer,
        "SUBMITTER" => AccessRole.Submitter,
        "ADMIN" => AccessRole.Admin,
        _ => null,
    };
}
