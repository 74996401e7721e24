using System.Net;
using System.Net.Http.Headers;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Objects;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Stores;

/// <summary>Ranges of an object over a store that throttles, breaks off, and changes what it holds.</summary>
public sealed class ObjectBytesTests
{
    private const int Length = 9_000_000;

    private static readonly byte[] Content = MakeContent();

    [Theory]
    [InlineData(1)]
    [InlineData(4_097)]
    [InlineData(5_000_000)]
    public void Read_OnAndOn_GivesTheBytes(int step)
    {
        using var bytes = Open(new Store());
        var total = Math.Min(Length, step * 3000L);
        var buffer = new byte[step];
        for (long at = 0; at < total; at += step)
        {
            var read = bytes.Read(buffer, at);

            Assert.Equal((int)Math.Min(step, Length - at), read);
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(Content.AsSpan((int)at, read)), $"at {at}");
        }
    }

    [Fact]
    public void Read_HereAndThere_GivesTheBytes()
    {
        using var bytes = Open(new Store());
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var (at, buffer) = (random.Next(Length + 10), new byte[random.Next(1, 100_000)]);

            var read = bytes.Read(buffer, at);

            Assert.Equal(Math.Clamp(Length - at, 0, buffer.Length), read);
            Assert.True(buffer.AsSpan(0, read).SequenceEqual(Content.AsSpan(Math.Min(at, Length), read)), $"at {at}");
        }
    }

    [Fact]
    public void Read_ToABorder_FetchesNothingBehindIt()
    {
        var store = new Store();
        using var bytes = Open(store);
        bytes.Until = 1_000_000;
        for (var at = 0; at < 1_000_000; at += 10_000)
        {
            bytes.Read(new byte[10_000], at);
        }

        Assert.InRange(store.Sent, 1_000_000, 1_000_000);
    }

    [Fact]
    public void Read_StoreThatThrottlesAndBreaksOff_IsAskedAgain()
    {
        var store = new Store { Busy = 2, Short = 2 };
        using var bytes = Open(store);
        var buffer = new byte[1000];

        Assert.Equal(1000, bytes.Read(buffer, 500));

        Assert.True(buffer.AsSpan().SequenceEqual(Content.AsSpan(500, 1000)));
        Assert.Equal(5, store.Asked);
    }

    [Theory]
    [InlineData("\"new\"", HttpStatusCode.PartialContent, FailureKind.SourceUnavailable, "changed since the job was planned")]
    [InlineData("\"old\"", HttpStatusCode.PreconditionFailed, FailureKind.SourceUnavailable, "changed since the job was planned")]
    [InlineData("\"old\"", HttpStatusCode.NotFound, FailureKind.SourceUnavailable, "s3://b/k is gone")]
    [InlineData("\"old\"", HttpStatusCode.Forbidden, FailureKind.Storage, "refused to let s3://b/k be read")]
    [InlineData("\"old\"", HttpStatusCode.OK, FailureKind.SourceUnavailable, "answered 200 to a request for a range")]
    public void Read_ObjectThatIsNotWhatWasPlanned_IsRefused(string tag, HttpStatusCode status, FailureKind kind, string reason)
    {
        using var bytes = Open(new Store { Tag = tag, Status = status });

        var refused = Assert.Throws<EngineException>(() => bytes.Read(new byte[10], 5));

        Assert.Equal(kind, refused.Failure.Kind);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("X-Amz", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_StoreThatStaysAway_EndsAsAFailureThatIsTriedAgain()
    {
        using var bytes = new ObjectBytes(
            Access, new ObjectClient(new Store { Busy = int.MaxValue }, TimeSpan.FromMilliseconds(300), TimeProvider.System));

        var refused = Assert.Throws<EngineException>(() => bytes.Read(new byte[10], 0));

        Assert.True(refused.Failure.Kind.IsRetryable());
        Assert.Contains("503", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Allow_LeaveThatIsOver_OpensNothing()
    {
        var grant = new ObjectGrant([Access], null, "/tmp");
        using (ObjectReads.Allow(grant))
        {
            ObjectReads.Open(Access.Path).Dispose();
        }

        Assert.Throws<EngineException>(() => ObjectReads.Open(Access.Path));
        Assert.DoesNotContain("secret", $"{grant}{Access}", StringComparison.Ordinal);
    }

    private static ObjectAccess Access { get; } = new(
        "s3://b/k", "http://store.test/b/k?X-Amz-Signature=secret", Length, "\"old\"");

    private static ObjectBytes Open(Store store) =>
        new(Access, new ObjectClient(store, TimeSpan.FromMinutes(1), TimeProvider.System));

    private static byte[] MakeContent()
    {
        var content = new byte[Length];
        new Random(1).NextBytes(content);
        return content;
    }

    /// <summary>Answers ranges, after some answers of other kinds.</summary>
    private sealed class Store : HttpMessageHandler
    {
        private int asked;
        private long sent;

        public int Busy { get; set; }

        public int Short { get; set; }

        public string Tag { get; init; } = "\"old\"";

        public HttpStatusCode Status { get; init; } = HttpStatusCode.PartialContent;

        public int Asked => asked;

        public long Sent => sent;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref asked);
            Assert.Equal("\"old\"", request.Headers.IfMatch.Single().Tag);
            if (Busy-- > 0)
            {
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
            }

            var range = request.Headers.Range!.Ranges.Single();
            var (from, to) = ((int)range.From!.Value, (int)range.To!.Value + 1);
            Interlocked.Add(ref sent, to - from);
            var body = Content[from..(Short-- > 0 ? to - 1 : to)];
            var answer = new HttpResponseMessage(Status) { Content = new ByteArrayContent(body) };
            answer.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, to - 1, Length);
            answer.Headers.TryAddWithoutValidation("ETag", Tag);
            return Task.FromResult(answer);
        }
    }
}
