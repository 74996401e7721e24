using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.UnitTests.Scaling;

public sealed class ClusterFormTests
{
    [Fact]
    public void ReadStart_NoBody_LeavesAllAsItIs() => Assert.Equal(new ClusterStart(), ClusterForm.ReadStart(null));

    [Fact]
    public void ReadStop_NoBody_Drains() => Assert.Equal(StopMode.Drain, ClusterForm.ReadStop(null).Mode);

    [Fact]
    public void ReadScale_Bounds_AreTaken() =>
        Assert.Equal(new ClusterScale(null, 1, 16), ClusterForm.ReadScale(Json("""{"minWorkers":1,"maxWorkers":16}""")));

    [Theory]
    [InlineData("""{"workers":0}""", "/workers")]
    [InlineData("""{"workers":33}""", "/workers")]
    [InlineData("""{"workers":2.5}""", "/workers")]
    [InlineData("""{}""", "/workers")]
    [InlineData("""{"workers":3,"minWorkers":1}""", "/minWorkers")]
    [InlineData("""{"minWorkers":1}""", "/maxWorkers")]
    [InlineData("""{"minWorkers":5,"maxWorkers":2}""", "/minWorkers")]
    [InlineData("""{"worker":3,"workers":3}""", "/worker")]
    public void ReadScale_Faulty_NamesTheField(string body, string pointer)
    {
        var refusal = Assert.Throws<ClusterException>(() => ClusterForm.ReadScale(Json(body)));

        Assert.Equal(Contracts.ProblemCode.ValidationFailed, refusal.Code);
        Assert.Equal([pointer], refusal.Problem.Errors!.Select(fault => fault.Pointer));
    }

    private static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes(text);
}
