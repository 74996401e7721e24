using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Orleans.Cluster.Client;

/// <summary>Which requests are sent again, and when. A request that could do something twice is never repeated.</summary>
internal static class RequestRepetition
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(30);
    private static readonly HttpRequestOptionsKey<bool> Repeatable = new("orleans-cluster-repeatable");

    /// <summary>Says that doing this twice is doing it once, though its method does not say so.</summary>
    public static HttpRequestMessage MarkRepeatable(this HttpRequestMessage request)
    {
        request.Options.Set(Repeatable, true);
        return request;
    }

    public static void Configure(ResiliencePipelineBuilder<HttpResponseMessage> builder, JobClientOptions options)
    {
        if (options.Retries > 0)
        {
            builder.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = args => ValueTask.FromResult(
                    CanRepeat(args.Context.GetRequestMessage()) && IsPassing(args.Outcome, args.Context.CancellationToken)),
            });
        }

        builder.AddTimeout(options.RequestTimeout);
    }

    private static bool CanRepeat(HttpRequestMessage? request) =>
        request is not null
        && (request.Method == HttpMethod.Get || request.Method == HttpMethod.Delete
            || request.Headers.Contains(JobClient.IdempotencyKeyHeader)
            || (request.Options.TryGetValue(Repeatable, out var repeatable) && repeatable));

    private static bool IsPassing(Outcome<HttpResponseMessage> outcome, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        return outcome.Result is { } response
            ? response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout && RetryAfter(response) <= LongestRetryAfter
            : outcome.Exception is HttpRequestException or TimeoutRejectedException;
    }

    private static TimeSpan RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - TimeProvider.System.GetUtcNow(),
        _ => TimeSpan.Zero,
    };
}
