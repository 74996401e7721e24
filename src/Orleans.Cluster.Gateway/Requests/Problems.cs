using System.Diagnostics;
using Microsoft.Extensions.Primitives;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Runtime;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>The one map from what went wrong to the document that a client gets.</summary>
internal static class Problems
{
    /// <summary>
    /// Place among a request's items of a sentence that says which role it needs, where the caller's is too low.
    /// </summary>
    public const string WantedRole = "wanted-role";

    private const string ContentType = "application/problem+json";

    /// <summary>
    /// The document of an exception. What nobody foresaw is <c>internal</c>, and its own words stay in the log.
    /// </summary>
    public static ProblemDocument Of(Exception exception) => exception switch
    {
        ClusterException refusal => refusal.Problem,
        StorageUnavailableException away => ProblemDocument.Of(
            Contracts.ProblemCode.StorageUnavailable,
            $"{away.Away} Whether a change was made can be seen once it does.",
            "Try again with the same Idempotency-Key."),
        // A grain whose silo is gone, or has no processor, may answer the next time.
        TimeoutException or SiloUnavailableException or OrleansMessageRejectionException => ProblemDocument.Of(
            Contracts.ProblemCode.StorageUnavailable, "The cluster cannot answer at the moment.",
            "Try again with the same Idempotency-Key."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ProblemDocument.Of(
            Contracts.ProblemCode.PayloadTooLarge, $"A request body can have {GatewayLimits.BodyBytes} bytes at most."),
        BadHttpRequestException =>
            ProblemDocument.Of(
                Contracts.ProblemCode.ValidationFailed, "The request is not well-formed HTTP, or its body came too slowly."),
        _ => ProblemDocument.Of(
            Contracts.ProblemCode.Internal,
            "The cluster failed in a way that it did not foresee. Its log has more under the trace id."),
    };

    /// <summary>The document of an answer that the framework left empty.</summary>
    public static ProblemDocument OfStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status401Unauthorized => ProblemDocument.Of(
            Contracts.ProblemCode.Unauthenticated, "The request has no valid key.", "Send 'Authorization: Bearer <api key>'."),
        StatusCodes.Status403Forbidden => ProblemDocument.Of(
            Contracts.ProblemCode.Forbidden, context.Items[WantedRole] as string ?? "The key's role does not allow this.",
            "An administrator makes keys of each role: `keys create --role SUBMITTER`."),
        StatusCodes.Status404NotFound => ProblemDocument.Of(
            Contracts.ProblemCode.NotFound, "There is nothing at this address.", "The reference is at /docs."),
        StatusCodes.Status405MethodNotAllowed => ProblemDocument.Of(
            Contracts.ProblemCode.MethodNotAllowed, $"The address does not take {MethodOf(context)}.",
            $"Allowed: {context.Response.Headers.Allow}."),
        StatusCodes.Status406NotAcceptable =>
            ProblemDocument.Of(Contracts.ProblemCode.NotAcceptable, "The answer has none of the forms asked for."),
        StatusCodes.Status413PayloadTooLarge => ProblemDocument.Of(
            Contracts.ProblemCode.PayloadTooLarge, $"A request body can have {GatewayLimits.BodyBytes} bytes at most."),
        StatusCodes.Status415UnsupportedMediaType => ProblemDocument.Of(
            Contracts.ProblemCode.UnsupportedMediaType, "The body must be JSON.", "Send 'Content-Type: application/json'."),
        StatusCodes.Status429TooManyRequests =>
            ProblemDocument.Of(
                Contracts.ProblemCode.RateLimited, "Too many requests in a short time.", "Wait as long as Retry-After says."),
        StatusCodes.Status503ServiceUnavailable =>
            ProblemDocument.Of(Contracts.ProblemCode.StorageUnavailable, "The cluster cannot answer at the moment."),
        < 500 => ProblemDocument.Of(Contracts.ProblemCode.ValidationFailed, BadRequestDetail(context)),
        _ => ProblemDocument.Of(
            Contracts.ProblemCode.Internal,
            "The cluster failed in a way that it did not foresee. Its log has more under the trace id."),
    };

    public static async Task Write(HttpContext context, ProblemDocument problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.Headers.CacheControl = "no-store";
        if (problem.Status is 429 or 503 && StringValues.IsNullOrEmpty(response.Headers.RetryAfter))
        {
            response.Headers.RetryAfter = "1";
        }

        if (HttpMethods.IsHead(context.Request.Method))
        {
            return;
        }

        var located = problem with
        {
            Instance = context.Request.Path,
            TraceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
        };
        await response.WriteAsJsonAsync(located, WireJson.Options, ContentType, context.RequestAborted);
    }

    private static string BadRequestDetail(HttpContext context) =>
        context.Request.RouteValues.TryGetValue("id", out var id) && !JobId.TryParse(id as string, null, out _)
            ? "The address does not hold a job id (26 characters, 0-9 and A-Z)."
            : "The request does not have the right form.";

    // A method is any word that a client likes; only short ones are worth an echo.
    private static string MethodOf(HttpContext context) =>
        context.Request.Method is { Length: <= 10 } method ? method : "this method";
}
