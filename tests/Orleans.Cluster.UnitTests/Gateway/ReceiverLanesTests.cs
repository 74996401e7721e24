using Orleans.Cluster.Gateway.Callbacks;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class ReceiverLanesTests
{
    // 64 jobs of a receiver that does not answer take its own places, and a healthy one has its.
    [Fact]
    public void TryEnter_OneReceiverTakesAllItCan_OthersStillEnter()
    {
        var lanes = new ReceiverLanes(mostInAll: 32, mostPerReceiver: 4);

        var dead = Enumerable.Range(0, 64).Count(number => lanes.TryEnter($"http://dead.example:81/{number}"));
        var healthy = lanes.TryEnter("https://healthy.example/hook");

        Assert.Equal((4, true, 27), (dead, healthy, lanes.Free));
    }

    [Fact]
    public void Leave_APlaceOfAReceiver_IsFreeForItsNext()
    {
        var lanes = new ReceiverLanes(mostInAll: 2, mostPerReceiver: 1);
        Assert.True(lanes.TryEnter("http://a.example/1"));
        Assert.False(lanes.TryEnter("http://A.example/2"));

        lanes.Leave("http://a.example/1");

        Assert.True(lanes.TryEnter("http://a.example/2"));
    }

    [Fact]
    public void TryEnter_AllPlacesTaken_IsRefused()
    {
        var lanes = new ReceiverLanes(mostInAll: 1, mostPerReceiver: 1);
        Assert.True(lanes.TryEnter("http://a.example/"));

        Assert.False(lanes.TryEnter("http://b.example/"));
    }
}
