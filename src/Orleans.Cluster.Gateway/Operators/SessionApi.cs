using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>A browser signs in with a key or token, and out.</summary>
internal static class SessionApi
{
    public static void MapSession(this IEndpointRouteBuilder routes)
    {
        var session = routes.MapGroup("/api/processing/session").WithTags("Keys").Needs(AccessRole.Viewer, AccessRole.Viewer);
        session.MapPost("", OpenSession).WithName(nameof(OpenSession)).AuditedAs("session.open");
        session.MapGet("", GetSession).WithName(nameof(GetSession));
        session.MapDelete("", CloseSession).WithName(nameof(CloseSession)).AuditedAs("session.close");
    }

    // Who calls was found out before this; where nobody has to log in there is nothing to keep.
    private static IResult OpenSession(HttpContext context, Lazy<SessionSeal> seal, TimeProvider clock)
    {
        var expiresAt = clock.GetUtcNow() + SessionCookies.Life;
        context.Response.Headers.CacheControl = "no-store";
        if (context.User.CallerName().Length > 0 && ApiKeyHandler.FindKey(context.Request) is { } credential)
        {
            SessionCookies.Give(context, seal.Value.Seal(credential, expiresAt));
        }

        return TypedResults.Ok(Describe(context, expiresAt));
    }

    private static IResult GetSession(HttpContext context, TimeProvider clock) =>
        TypedResults.Ok(
            Describe(context, context.Features.Get<OpenSession>()?.ExpiresAt ?? clock.GetUtcNow() + SessionCookies.Life));

    private static IResult CloseSession(HttpContext context)
    {
        SessionCookies.Take(context);
        return TypedResults.NoContent();
    }

    private static SessionInfo Describe(HttpContext context, DateTimeOffset expiresAt) =>
        new(context.User.CallerName(), context.User.CallerRole() ?? AccessRole.Viewer, expiresAt);
}
