namespace Orleans.Cluster.Gateway.Requests;

/// <summary>
/// A request of a page of another origin that the settings name: it is told that its answer may be read (CORS), and nothing that
/// the browser remembers for this gateway counts for it. Such a page gives a key of its own.
/// </summary>
internal static class OtherOrigin
{
    private static readonly string[] Asked =
        ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Prefer"];
    private static readonly string[] Told = ["ETag", "Location", "Preference-Applied", "Retry-After"];

    /// <summary>
    /// Sets the headers; true when that was all that the browser asked for, before the request that it is about.
    /// </summary>
    public static bool Admit(HttpContext context, string origin)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.AccessControlAllowOrigin = origin;
        response.Headers.AccessControlExposeHeaders = string.Join(", ", Told);
        response.Headers.Append("Vary", "Origin");
        request.Headers.Remove("Cookie");
        if (request.Headers.Authorization is [{ } given] && !given.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Remove("Authorization");
        }

        if (!HttpMethods.IsOptions(request.Method) || request.Headers.AccessControlRequestMethod.Count == 0)
        {
            return false;
        }

        response.StatusCode = StatusCodes.Status204NoContent;
        response.Headers.AccessControlAllowMethods = "GET, HEAD, POST, DELETE";
        response.Headers.AccessControlAllowHeaders = string.Join(", ", Asked);
        response.Headers.AccessControlMaxAge = "600";
        return true;
    }
}
