using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// How fast one caller may ask, so that no caller takes the gateway from the others. Who has not said who it is shares the
/// allowance of its address, which also bounds guessing. Where nobody has to log in there is nobody to be fair to.
/// </summary>
internal static class CallerRateLimits
{
    private static readonly TimeSpan Refill = TimeSpan.FromMilliseconds(100);

    public static void AddCallerRateLimits(this IServiceCollection services)
    {
        services.AddRateLimiter(limiter => limiter.OnRejected = (rejected, _) =>
        {
            var seconds = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait)
                ? Math.Ceiling(wait.TotalSeconds)
                : 1;
            var response = rejected.HttpContext.Response;
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            response.Headers.RetryAfter = Math.Max(1, seconds).ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        });
        services.AddOptions<Microsoft.AspNetCore.RateLimiting.RateLimiterOptions>()
            .Configure<IOptions<GatewayOptions>>((limiter, gateway) =>
            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext,
                string>(context => PartitionOf(context, gateway.Value)));
    }

    private static RateLimitPartition<string> PartitionOf(HttpContext context, GatewayOptions options)
    {
        if (options.Authentication == AuthenticationMode.None)
        {
            return RateLimitPartition.GetNoLimiter("");
        }

        var caller = context.User.CallerName() is { Length: > 0 } name ? name : $"address:{context.Connection.RemoteIpAddress}";
        return RateLimitPartition.GetTokenBucketLimiter(caller, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RequestBurst,
            TokensPerPeriod = Math.Max(1, (int)(options.RequestsPerSecond * Refill.TotalSeconds)),
            ReplenishmentPeriod = options.RequestsPerSecond * Refill.TotalSeconds < 1
                ? TimeSpan.FromSeconds(1.0 / options.RequestsPerSecond) : Refill,
            QueueLimit = 0,
        });
    }
}
