using System.Security.Claims;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Who calls, as the claims of a request's user.</summary>
internal static class Caller
{
    private const string NameClaim = "caller";
    private const string RoleClaim = "access";

    /// <summary>A user with a name (with its kind before it, so that a key cannot pass for a login) and a role.</summary>
    public static ClaimsPrincipal Of(string name, AccessRole role, string scheme) => new(
        new ClaimsIdentity([new Claim(NameClaim, name), new Claim(RoleClaim, role.ToString())], scheme, NameClaim, RoleClaim));

    /// <summary>The name; empty where nobody has to log in.</summary>
    public static string CallerName(this ClaimsPrincipal user) => user.FindFirstValue(NameClaim) ?? "";

    /// <summary>Null for nobody.</summary>
    public static AccessRole? CallerRole(this ClaimsPrincipal user) =>
        Enum.TryParse<AccessRole>(user.FindFirstValue(RoleClaim), out var role) ? role : null;

    /// <summary>
    /// Whose jobs the caller sees; null for everybody's. A VIEWER watches a cluster: it sees every job, and the rows of none.
    /// </summary>
    public static string? SeesOnly(this ClaimsPrincipal user) => user.CallerRole() == AccessRole.Viewer ? null : user.ReadsOnly();

    /// <summary>Whose rows the caller reads, where its role reads any; null for everybody's.</summary>
    public static string? ReadsOnly(this ClaimsPrincipal user) =>
        user.CallerRole() == AccessRole.Admin ? null : user.CallerName();

    /// <summary>Whom a new job belongs to; null where nobody has to log in.</summary>
    public static string? OwnerOfNew(this ClaimsPrincipal user) => user.CallerName() is { Length: > 0 } name ? name : null;
}
