using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.WebConsole.Calls;

namespace Orleans.Cluster.UnitTests.WebConsole;

/// <summary>What viewers hear of a document that is asked for again and again.</summary>
public sealed class FeedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    // A page that heard RUNNING after SUCCEEDED would say so for ever, since nothing changes any more.
    [Fact]
    public async Task Follow_AnswersChangeWhileViewersCome_EachEndsWithTheLastOne()
    {
        const int Last = 300;
        var asked = 0;
        using var gateway = new Gateway(() => $"{Math.Min(Last, Interlocked.Increment(ref asked))}");
        var feeds = new Feeds(gateway.Http, NullLogger<Feeds>.Instance);
        var heard = new ConcurrentBag<ConcurrentQueue<int>>();
        var follows = new ConcurrentBag<IDisposable>();

        while (Volatile.Read(ref asked) < Last)
        {
            var mine = new ConcurrentQueue<int>();
            heard.Add(mine);
            follows.Add(feeds.Follow<Number>(Key, answer =>
            {
                mine.Enqueue(answer.Document!.Value);
                return Task.CompletedTask;
            }));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        await Until(() => heard.All(each => each.LastOrDefault() == Last));
        Assert.All(heard, each => Assert.Equal(each.Order(), each));
        Assert.All(follows, each => each.Dispose());
    }

    [Fact]
    public async Task Follow_AnotherViewerFailsAndOneHangs_HearsOn()
    {
        var asked = 0;
        using var gateway = new Gateway(() => $"{Interlocked.Increment(ref asked)}");
        var feeds = new Feeds(gateway.Http, NullLogger<Feeds>.Instance);
        var (latest, failures) = (0, 0);
        using var fails = feeds.Follow<Number>(Key, _ =>
        {
            Interlocked.Increment(ref failures);
            throw new InvalidOperationException("This viewer's page cannot show it.");
        });
        using var hangs = feeds.Follow<Number>(Key, _ => Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken));
        using var hears = feeds.Follow<Number>(Key, answer =>
        {
            Volatile.Write(ref latest, answer.Document!.Value);
            return Task.CompletedTask;
        });

        await Until(() => Volatile.Read(ref latest) >= 5 && Volatile.Read(ref failures) >= 2);
    }

    [Fact]
    public async Task Follow_GatewayDoesNotAnswerInTime_SaysSoAndAsksAgain()
    {
        var heard = new ConcurrentQueue<Answer<Number>>();
        using var gateway = new Gateway(() => heard.IsEmpty ? null : "7", timeout: TimeSpan.FromMilliseconds(50));
        var feeds = new Feeds(gateway.Http, NullLogger<Feeds>.Instance);
        using var following = feeds.Follow<Number>(Key, answer =>
        {
            heard.Enqueue(answer);
            return Task.CompletedTask;
        });

        await Until(() => heard.Any(answer => answer.Document is not null));

        Assert.Equal("storage-unavailable", heard.First().Problem?.Code);
        Assert.Equal(7, heard.Last().Document?.Value);
    }

    [Fact]
    public async Task Follow_QuestionFailsAsNobodyExpected_IsAskedAgain()
    {
        var (asked, value) = (0, 0);
        using var gateway = new Gateway(
            () => Interlocked.Increment(ref asked) < 3 ? throw new InvalidOperationException("Nobody expected this.") : "7");
        var feeds = new Feeds(gateway.Http, NullLogger<Feeds>.Instance);
        using var following = feeds.Follow<Number>(Key, answer =>
        {
            Volatile.Write(ref value, answer.Document?.Value ?? 0);
            return Task.CompletedTask;
        });

        await Until(() => Volatile.Read(ref value) == 7);
    }

    private static FeedKey Key => new("/numbers", null, TimeSpan.FromMilliseconds(1));

    private static Task Until(Func<bool> isSo) => Task.Run(async () =>
    {
        while (!isSo())
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }).WaitAsync(Patience, TestContext.Current.CancellationToken);

    private sealed record Number(int Value);

    /// <summary>A gateway whose document has one field; none at all makes it hang.</summary>
    private sealed class Gateway(Func<string?> value, TimeSpan? timeout = null) : HttpMessageHandler
    {
        public GatewayHttp Http => field ??= new GatewayHttp(
            new HttpClient(this) { BaseAddress = new Uri("http://127.0.0.1/"), Timeout = timeout ?? Patience });

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (value() is not { } now)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                throw new InvalidOperationException();
            }

            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($$"""{"value":{{now}}}""") };
        }
    }
}
