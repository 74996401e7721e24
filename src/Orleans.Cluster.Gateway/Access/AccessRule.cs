using Microsoft.AspNetCore.Authorization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Roles that an address asks for: one to read, one for everything else. The default is VIEWER and SUBMITTER.</summary>
internal sealed record AccessRule(AccessRole Read, AccessRole Change)
{
    private static readonly AccessRule Default = new(AccessRole.Viewer, AccessRole.Submitter);

    public static AccessRole RoleFor(HttpContext context)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>() ?? Default;
        return IsRead(context.Request.Method) ? rule.Read : rule.Change;
    }

    /// <summary>Whether a method changes nothing.</summary>
    public static bool IsRead(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method);
}

/// <summary>
/// The one rule of authorization, for every address, unknown ones too: the caller's role is at least what the address asks for.
/// </summary>
internal sealed class RoleRequirement : AuthorizationHandler<RoleRequirement>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, RoleRequirement requirement)
    {
        if (context.Resource is not HttpContext http)
        {
            return Task.CompletedTask;
        }

        var wanted = AccessRule.RoleFor(http);
        var role = context.User.CallerRole();
        if (role >= wanted)
        {
            context.Succeed(requirement);
        }
        else if (role is { } known)
        {
            http.Items[Problems.WantedRole] = $"This needs the role {Word(wanted)}; the key has the role {Word(known)}.";
        }

        return Task.CompletedTask;
    }

    private static string Word(AccessRole role) => role.ToString().ToUpperInvariant();
}
