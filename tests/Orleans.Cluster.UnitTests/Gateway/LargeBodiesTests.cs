using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>Requests with large bodies, of which each caller has one checked at a time.</summary>
public sealed class LargeBodiesTests
{
    private readonly ServiceProvider services = new ServiceCollection().AddSingleton<LargeBodies>().BuildServiceProvider();

    [Fact]
    public async Task ReadJson_SecondLargeOneOfACaller_WaitsUntilTheFirstIsAnswered()
    {
        var first = new Sent(services, LargeBodies.Bytes + 1);
        var second = new Sent(services, LargeBodies.Bytes + 1);
        await first.ReadAs("eve");
        var waiting = second.ReadAs("eve");

        await new Sent(services, LargeBodies.Bytes).ReadAs("eve");
        await new Sent(services, LargeBodies.Bytes + 1).ReadAs("ann");
        Assert.False(waiting.IsCompleted);
        await first.Answer();

        Assert.Equal(LargeBodies.Bytes + 1, (await waiting).Length);
    }

    [Fact]
    public async Task ReadJson_MoreLargeOnesThanACallerMayHave_IsRefusedUntilOneIsAnswered()
    {
        var all = Enumerable.Range(0, 32).Select(_ => new Sent(services, LargeBodies.Bytes + 1)).ToList();
        var reads = all.ConvertAll(each => each.ReadAs("eve"));
        await reads[0];

        var refused = await Assert.ThrowsAsync<ClusterException>(() => new Sent(services, LargeBodies.Bytes + 1).ReadAs("eve"));
        await all[0].Answer();
        await reads[1];
        await all[1].Answer();
        var next = new Sent(services, LargeBodies.Bytes + 1).ReadAs("eve");

        Assert.Equal("rate-limited", refused.Problem.Code);
        Assert.False(next.IsFaulted);
    }

    [Fact]
    public async Task ReadJson_CallerThatWaitsLeaves_TheNextHasItsTurn()
    {
        using var gone = new CancellationTokenSource();
        var first = new Sent(services, LargeBodies.Bytes + 1);
        await first.ReadAs("eve");
        var left = new Sent(services, LargeBodies.Bytes + 1);
        var leaves = left.ReadAs("eve", gone.Token);
        var last = new Sent(services, LargeBodies.Bytes + 1).ReadAs("eve");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        await left.Answer();
        await first.Answer();

        await last;
    }

    /// <summary>A request with a body of so many bytes.</summary>
    private sealed class Sent : HttpResponseFeature
    {
        private readonly List<Func<Task>> ends = [];
        private readonly DefaultHttpContext context;

        public Sent(IServiceProvider services, int bytes)
        {
            context = new DefaultHttpContext { RequestServices = services };
            context.Features.Set<IHttpResponseFeature>(this);
            (context.Request.ContentType, context.Request.Body) = ("application/json", new MemoryStream(new byte[bytes]));
        }

        public async Task<ReadOnlyMemory<byte>> ReadAs(string caller, CancellationToken cancellationToken = default) =>
            await AskedBy.Run(caller, () => context.Request.ReadJson(cancellationToken));

        public async Task Answer()
        {
            foreach (var end in ends)
            {
                await end();
            }
        }

        public override void OnCompleted(Func<object, Task> callback, object state) => ends.Add(() => callback(state));
    }
}
