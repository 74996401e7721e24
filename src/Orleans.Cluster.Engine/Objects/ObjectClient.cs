using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Objects;

/// <summary>
/// Reads ranges of objects by their signed addresses. A store that is away, throttles or breaks off is asked again, with pauses
/// that grow, for as long as a restart of it takes; an object that is another one than was planned is refused.
/// </summary>
internal sealed class ObjectClient
{
    private static readonly ConcurrentDictionary<string, ObjectClient> Clients = new(StringComparer.Ordinal);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(60);

    private readonly HttpClient http;
    private readonly TimeSpan patience;
    private readonly TimeProvider clock;

    internal ObjectClient(HttpMessageHandler handler, TimeSpan patience, TimeProvider clock)
    {
        http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        (this.patience, this.clock) = (patience, clock);
    }

    /// <summary>How long a store may be away before an attempt ends for it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    /// <summary>The client that trusts these authorities; null for the system's.</summary>
    public static ObjectClient For(string? caFile) =>
        Clients.GetOrAdd(caFile ?? "", static file => new ObjectClient(Handler(file), Patience, TimeProvider.System));

    /// <summary>Reads bytes [start, start + count).</summary>
    /// <exception cref="EngineException">
    /// The object is gone or another one, may not be read, or its store has been away for too long.
    /// </exception>
    public async Task<byte[]> Read(ObjectAccess access, long start, int count, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            string refusal;
            try
            {
                using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                timer.CancelAfter(RequestTimeout);
                var (bytes, busy) = await TryRead(access, start, count, timer.Token);
                if (bytes is not null)
                {
                    return bytes;
                }

                refusal = busy!;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                refusal = e.Message;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                refusal = $"no answer within {RequestTimeout.TotalSeconds:0} s";
            }

            if (clock.GetElapsedTime(begun) > patience)
            {
                throw new EngineException(
                    FailureKind.Storage, $"{access.Path} could not be read for {patience.TotalSeconds:0} s: {refusal}.");
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, cancellationToken);
        }
    }

    private async Task<(byte[]? Bytes, string? Busy)> TryRead(
        ObjectAccess access, long start, int count, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, access.Url);
        request.Headers.Range = new RangeHeaderValue(start, start + count - 1);
        if (access.ETag is { } tag)
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (IsBusy(response.StatusCode))
        {
            return (null, $"the store answered {(int)response.StatusCode}");
        }

        Require(access, response, start, count);
        var bytes = new byte[count];
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        await body.ReadExactlyAsync(bytes, cancellationToken);
        return (bytes, null);
    }

    private static bool IsBusy(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    // Not every store knows If-Match: what it says of the object is compared too.
    private static void Require(ObjectAccess access, HttpResponseMessage response, long start, int count)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound:
                throw Unavailable($"{access.Path} is gone.");
            case HttpStatusCode.PreconditionFailed or HttpStatusCode.RequestedRangeNotSatisfiable:
                throw Changed(access);
            case HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized:
                throw new EngineException(
                    FailureKind.Storage,
                    $"The store refused to let {access.Path} be read ({(int)response.StatusCode}): the credentials may not, or "
                    + "the address has expired.");
            case HttpStatusCode.PartialContent:
            case HttpStatusCode.OK when start == 0 && count == access.Bytes:
                break;
            default:
                throw Unavailable(
                    $"{access.Path} cannot be read: the store answered {(int)response.StatusCode} to a request for a range.");
        }

        var tag = response.Headers.NonValidated.TryGetValues("ETag", out var now) ? now.ToString() : null;
        var length = response.Content.Headers.ContentRange?.Length;
        if ((access.ETag is not null && tag is not null && tag != access.ETag) || (length is not null && length != access.Bytes))
        {
            throw Changed(access);
        }
    }

    private static EngineException Changed(ObjectAccess access) =>
        Unavailable(
            $"{access.Path} changed since the job was planned: it had {access.Bytes} bytes and ETag {access.ETag} then. Submit "
            + "the job again.");

    private static EngineException Unavailable(string message) => new(FailureKind.SourceUnavailable, message);

    // A redirect would lead to an address that nobody signed.
    private static SocketsHttpHandler Handler(string caFile)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (caFile.Length > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(caFile);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }
}
