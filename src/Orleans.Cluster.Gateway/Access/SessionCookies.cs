using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Takes the cookie of a browser that has signed in for the key or token that it was made from. A browser sends a cookie whoever
/// wrote the page, so a change by cookie must say that it comes from a page of this gateway (<c>BrowserGuard</c> has checked what
/// it says).
/// </summary>
internal sealed class SessionCookies(RequestDelegate next, Lazy<SessionSeal> seal, TimeProvider clock)
{
    public const string Name = "orleans-cluster-session";

    /// <summary>A working day. A token that ends sooner ends the session with it.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(8);

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.Authorization.Count > 0 || request.Cookies[Name] is not { } cookie
            || seal.Value.Open(cookie, clock.GetUtcNow()) is not { } session)
        {
            return next(context);
        }

        if (!AccessRule.IsRead(request.Method) && !IsOfOwnPage(request))
        {
            throw new ClusterException(
                Contracts.ProblemCode.Forbidden, "A change by cookie must come from a page of this gateway.",
                "Programs send 'Authorization: Bearer <api key>'.");
        }

        request.Headers.Authorization = $"Bearer {session.Credential}";
        context.Features.Set(new OpenSession(session.ExpiresAt));
        return next(context);
    }

    /// <summary>Gives the browser a cookie for the key or token of this very request.</summary>
    public static void Give(HttpContext context, string value) =>
        context.Response.Cookies.Append(Name, value, Options(context, Life));

    public static void Take(HttpContext context) => context.Response.Cookies.Delete(Name, Options(context, null));

    private static bool IsOfOwnPage(HttpRequest request) =>
        request.Headers.Origin.Count == 1 || request.Headers["Sec-Fetch-Site"] == "same-origin";

    private static CookieOptions Options(HttpContext context, TimeSpan? life) => new()
    {
        HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", MaxAge = life,
        IsEssential = true,
    };
}

/// <summary>The request was sent by a browser that has signed in.</summary>
internal sealed record OpenSession(DateTimeOffset ExpiresAt);
