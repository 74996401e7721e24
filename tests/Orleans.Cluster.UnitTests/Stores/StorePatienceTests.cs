using System.Net;
using Amazon.S3;
using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.UnitTests.Stores;

/// <summary>Which answers of a store are waited out, and which are its last word.</summary>
public sealed class StorePatienceTests
{
    private static readonly S3Path Place = new("atlas", "open/a.csv");
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider clock = new() { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) };
    private int asked;

    [Theory]
    [InlineData(503, "SlowDown")]
    [InlineData(500, "InternalError")]
    [InlineData(429, "TooManyRequests")]
    [InlineData(409, "ConditionalRequestConflict")]
    [InlineData(0, "")]
    public async Task Ask_StoreIsBusyOrAway_IsAskedAgain(int status, string code)
    {
        var answer = await Wait(() => asked < 4 ? throw Answer(status, code) : "here");

        Assert.Equal(("here", 4), (answer, asked));
    }

    [Fact]
    public async Task Ask_ConnectionBreaksOrNobodyAnswers_IsAskedAgain()
    {
        Exception[] faults = [new HttpRequestException("refused"), new IOException("broken"), new TaskCanceledException("late")];

        var answer = await Wait(() => asked <= faults.Length ? throw faults[asked - 1] : "here");

        Assert.Equal(("here", 4), (answer, asked));
    }

    [Theory]
    [InlineData(403, "AccessDenied", ObjectStoreFault.Refused)]
    [InlineData(404, "NoSuchBucket", ObjectStoreFault.Refused)]
    [InlineData(501, "NotImplemented", ObjectStoreFault.Unsupported)]
    [InlineData(405, "MethodNotAllowed", ObjectStoreFault.Unsupported)]
    public async Task Ask_StoreRefuses_IsAskedOnce(int status, string code, object fault)
    {
        var refusal = await Assert.ThrowsAsync<ObjectStoreException>(() => Wait(() => throw Answer(status, code)));

        Assert.Equal(((ObjectStoreFault)fault, 1), (refusal.Fault, asked));
        Assert.Contains($"{status} ({code}) for s3://atlas/open/a.csv", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_StoreStaysAway_GivesUpAfterTwoMinutesAndPassesNothingOn()
    {
        var begun = clock.GetUtcNow();

        var away = new AmazonS3Exception("GET /?X-Amz-Signature=0123") { StatusCode = HttpStatusCode.ServiceUnavailable };
        var absence = await Assert.ThrowsAsync<ObjectStoreException>(() => Wait(() => throw away));

        Assert.Equal(ObjectStoreFault.Away, absence.Fault);
        Assert.InRange(clock.GetUtcNow() - begun, StorePatience.Limit, StorePatience.Limit + TimeSpan.FromSeconds(10));
        Assert.DoesNotContain("X-Amz-", absence.Message, StringComparison.Ordinal);
        Assert.InRange(asked, 20, 200);
    }

    [Fact]
    public async Task Ask_CallerLeaves_EndsAtOnce()
    {
        using var caller = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new StorePatience(clock).Ask(
            Place, Within,
            async token =>
            {
                await caller.CancelAsync();
                token.ThrowIfCancellationRequested();
                return "";
            },
            caller.Token));
    }

    private static AmazonS3Exception Answer(int status, string code) =>
        new(code) { StatusCode = (HttpStatusCode)status, ErrorCode = code };

    // Time passes as fast as it is waited for.
    private async Task<string> Wait(Func<string> answer)
    {
        var asking = new StorePatience(clock).Ask(
            Place, Within,
            _ =>
            {
                asked++;
                return Task.FromResult(answer());
            },
            TestContext.Current.CancellationToken);
        while (!asking.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        return await asking;
    }
}
