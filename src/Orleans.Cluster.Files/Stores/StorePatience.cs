using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;

namespace Orleans.Cluster.Files.Stores;

/// <summary>
/// Asks an object store again while it is away, throttles or breaks off, with pauses that grow, for as long as a restart of it
/// takes. What the store says is never passed on as it is: it may quote a request with its signature.
/// </summary>
internal sealed class StorePatience(TimeProvider clock)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <summary>How long a store may be away before a call ends for it.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Asks until there is an answer.</summary>
    /// <param name="path">What is asked about, for people.</param>
    /// <param name="answerWithin">How long one try may take.</param>
    /// <param name="question">One try.</param>
    /// <param name="cancellationToken">Ends it all.</param>
    /// <exception cref="ObjectStoreException">It refused, or was away for too long.</exception>
    public async Task<T> Ask<T>(
        S3Path path, TimeSpan answerWithin, Func<CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        var begun = clock.GetTimestamp();
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            Exception fault;
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timer.CancelAfter(answerWithin);
            try
            {
                return await question(timer.Token);
            }
            catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
            {
                fault = late;
            }
            catch (Exception refusal) when (IsStores(refusal))
            {
                fault = refusal;
            }

            if (!IsPassing(fault))
            {
                throw Refusal(path, fault);
            }

            if (clock.GetElapsedTime(begun) > Limit)
            {
                throw Absence(path, fault);
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, cancellationToken);
        }
    }

    /// <summary>Whether it is about the store, and not a fault of this program.</summary>
    public static bool IsStores(Exception fault) =>
        fault is (AmazonServiceException or AmazonClientException or HttpRequestException or IOException or SocketException)
            and not ObjectStoreException;

    /// <summary>Whether the store answered so.</summary>
    public static bool Is(Exception fault, params ReadOnlySpan<HttpStatusCode> answers) =>
        fault is AmazonServiceException answer && answers.Contains(answer.StatusCode);

    // Without a status there was no answer.
    private static bool IsPassing(Exception fault) => fault switch
    {
        AmazonServiceException { StatusCode: 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or HttpStatusCode.Conflict } => true,
        AmazonServiceException { StatusCode: HttpStatusCode.NotImplemented } => false,
        AmazonServiceException answer => (int)answer.StatusCode >= 500
            || answer.ErrorCode is "SlowDown" or "RequestTimeout" or "RequestTimeTooSkewed" or "InternalError",
        AmazonClientException => false,
        _ => true,
    };

    private static ObjectStoreException Refusal(S3Path path, Exception fault) => fault is AmazonServiceException answer
        ? new ObjectStoreException(
            $"The object store answered {(int)answer.StatusCode} ({answer.ErrorCode}) for {path}.",
            Is(fault, HttpStatusCode.NotImplemented, HttpStatusCode.MethodNotAllowed)
                ? ObjectStoreFault.Unsupported : ObjectStoreFault.Refused,
            fault)
        : new ObjectStoreException(
            $"The object store cannot be asked for {path}: no credentials for it were found (S3:AccessKeyId, or the usual "
            + "chain), or the request could not be made.",
            ObjectStoreFault.Refused, fault);

    private static ObjectStoreException Absence(S3Path path, Exception fault) => new(
        fault is AmazonServiceException { StatusCode: not 0 } answer
            ? $"The object store has answered {(int)answer.StatusCode} ({answer.ErrorCode}) for {Limit.TotalSeconds:0} s for "
            + $"{path}."
            : $"The object store could not be reached for {Limit.TotalSeconds:0} s for {path}.",
        ObjectStoreFault.Away, fault);
}
