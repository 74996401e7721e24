using System.ComponentModel.DataAnnotations;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>How the gateway meets the outer world. Section "Gateway".</summary>
internal sealed class GatewayOptions : IValidatableObject
{
    public const string Section = "Gateway";

    /// <summary>Names under which a gateway on loopback may be called beside localhost, for a proxy before it.</summary>
    public IList<string> AllowedHosts { get; init; } = [];

    /// <summary>
    /// Origins whose pages may call this gateway from a browser, such as <c>https://app.example.org</c>; none by default. They
    /// give a key of their own: neither cookies nor passwords that the browser remembers count. Without keys, such a page may do
    /// everything.
    /// </summary>
    public IList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Whether callers must say who they are. A gateway that other machines reach does not start without.</summary>
    public AuthenticationMode Authentication { get; init; } = AuthenticationMode.None;

    /// <summary>
    /// Requests per second that one caller may send over time, once callers have names. Default 500; 1 to 1,000,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; init; } = 500;

    /// <summary>Requests that one caller may send at once after a quiet time. Default 2,000; 1 to 1,000,000.</summary>
    [Range(1, 1_000_000)]
    public int RequestBurst { get; init; } = 2000;

    /// <summary>
    /// Secret that the cookies of browsers and the secrets of callbacks are sealed with, 32 bytes in base64. Several gateways of
    /// one cluster need the same, and one whose state directory does not last needs it too; null makes one and keeps it in the
    /// state directory.
    /// </summary>
    public string? SessionKey { get; init; }

    /// <summary>Tokens of an identity provider that are taken beside API keys; null for none.</summary>
    public JwtOptions? Jwt { get; init; }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var origin in AllowedOrigins.Where(origin => !IsOrigin(origin)))
        {
            yield return new ValidationResult(
                $"Gateway:AllowedOrigins has '{origin}', which no browser sends: an origin is a scheme, a host and a port, "
                + "such as https://app.example.org.",
                [nameof(AllowedOrigins)]);
        }

        if (SessionKey is not null && LengthOf(SessionKey) != SessionKeyBytes)
        {
            yield return new ValidationResult(
                "Gateway:SessionKey must be 32 bytes in base64, such as 'openssl rand -base64 32' prints.", [nameof(SessionKey)]);
        }

        foreach (var fault in Jwt is { } tokens ? FaultsOf(tokens) : [])
        {
            yield return new ValidationResult(fault, [nameof(Jwt)]);
        }
    }

    private const int SessionKeyBytes = 32;
    private const int LeastSigningKeyBytes = 32;

    private static IEnumerable<string> FaultsOf(JwtOptions tokens)
    {
        if (string.IsNullOrEmpty(tokens.Audience))
        {
            yield return "Gateway:Jwt:Audience is missing: set it to the audience that a token must name.";
        }

        if (tokens.Authority is null && (tokens.Issuer is null || tokens.SigningKey is null))
        {
            yield return "Gateway:Jwt needs an Authority, or an Issuer and a SigningKey.";
        }
        else if (tokens.Authority is { } authority && !IsAddress(authority))
        {
            yield return $"Gateway:Jwt:Authority is '{authority}', and must be an https address, such as "
                + "https://login.example.org.";
        }
        else if (tokens.Authority is null && LengthOf(tokens.SigningKey!) < LeastSigningKeyBytes)
        {
            yield return "Gateway:Jwt:SigningKey must be 32 bytes or more in base64, such as 'openssl rand -base64 32' prints.";
        }
    }

    // Of bytes in base64; negative for another text.
    private static int LengthOf(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? length : -1;
    }

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && address.Scheme == Uri.UriSchemeHttps;

    private static bool IsOrigin(string text) => Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        && address.GetLeftPart(UriPartial.Authority) == text;
}

/// <summary>Who may call.</summary>
internal enum AuthenticationMode
{
    /// <summary>Whoever reaches the gateway may do everything. Only for loopback.</summary>
    None = 0,

    /// <summary>Every request but <c>/health/live</c> needs a key or a token.</summary>
    Required = 1,
}

/// <summary>Which tokens are taken, and what they say. Section "Gateway:Jwt".</summary>
internal sealed class JwtOptions
{
    /// <summary>Address of the identity provider, whose published keys check the tokens.</summary>
    public string? Authority { get; init; }

    /// <summary>Issuer that a token must name, where there is no authority to ask.</summary>
    public string? Issuer { get; init; }

    /// <summary>Audience that a token must name.</summary>
    public required string Audience { get; init; }

    /// <summary>Secret that signs tokens (HS256, base64, 32 bytes or more), where there is no authority.</summary>
    public string? SigningKey { get; init; }

    /// <summary>Claim that holds VIEWER, SUBMITTER or ADMIN; several are taken as the highest. Default <c>role</c>.</summary>
    public string RoleClaim { get; init; } = "role";
}
