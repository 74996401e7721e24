using System.Collections.Immutable;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Artifacts;
using Orleans.Cluster.Coordination.Calls;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Runtime;

namespace Orleans.Cluster.UnitTests.Jobs;

public sealed class LossJudgeTests
{
    private static readonly SiloAddress Here = SiloAddress.FromParsableString("127.0.0.1:1@1");
    private static readonly SiloAddress Gateway = SiloAddress.FromParsableString("127.0.0.2:1@1");
    private static readonly AttemptId Producer = new(new TaskId(JobId.New(), 0, 3), 1);

    [Fact]
    public async Task Judge_AnotherProcessSeesItWhole_BlamesThisOne()
    {
        var sight = new Sight(ArtifactSeen.Lost);

        var verdict = await Judge(sight, elsewhere: ArtifactSeen.Whole).Judge(Producer, default);

        Assert.Equal((LossVerdict.SeenElsewhere, true), (verdict, sight.IsDistrusted));
    }

    [Theory]
    [InlineData(ArtifactSeen.Lost, ArtifactSeen.Lost, LossVerdict.Lost)]
    [InlineData(ArtifactSeen.Lost, ArtifactSeen.Unknown, LossVerdict.Unproven)]
    [InlineData(ArtifactSeen.Whole, ArtifactSeen.Lost, LossVerdict.Unproven)]
    [InlineData(ArtifactSeen.Unknown, ArtifactSeen.Lost, LossVerdict.Unproven)]
    [InlineData(ArtifactSeen.Lost, null, LossVerdict.Unproven)]
    internal async Task Judge_TwoLooks_AreBelievedWhenTheyAgree(
        ArtifactSeen here, ArtifactSeen? elsewhere, LossVerdict expected) =>
        Assert.Equal(expected, await Judge(new Sight(here), elsewhere).Judge(Producer, default));

    [Fact]
    public async Task Judge_TheStoresMarkIsNotSeenHere_BelievesNothing() =>
        Assert.Equal(LossVerdict.Unproven, await Judge(new Sight(ArtifactSeen.Lost)
        {
            Fault = "not mounted",
        }, ArtifactSeen.Lost).Judge(Producer, default));

    [Fact]
    public async Task Judge_NoOtherProcess_BelievesItsOwnLook() =>
        Assert.Equal(
            LossVerdict.Lost, await Judge(new Sight(ArtifactSeen.Lost), ArtifactSeen.Unknown, Here).Judge(Producer, default));

    private static LossJudge Judge(Sight sight, ArtifactSeen? elsewhere, params SiloAddress[] silos) => new(
        Fake<ICheckpointStore>((_, _) => Task.FromResult<PartitionRecord?>(Committed())), sight,
        new Membership(silos.Length > 0 ? silos : [Here, Gateway]),
        Fake<ILocalSiloDetails>((_, _) => Here),
        Fake<IGrainFactory>((_, args) =>
            Fake<ISightGrain>((_, _) => args![0]!.Equals(GrainKeys.Sight(Gateway)) && elsewhere is { } seen
            ? Task.FromResult(seen)
            : throw new TimeoutException("away"))),
        NullLogger<LossJudge>.Instance);

    private static PartitionRecord Committed() => new()
    {
        Task = Producer.Task, Epoch = 1, Order = "3", State = PartitionState.Committed, Attempt = Producer.Number,
        Work = new PartitionWork(),
    };

    private static T Fake<T>(Func<MethodInfo, object?[]?, object?> answer)
        where T : class
    {
        var proxy = DispatchProxy.Create<T, FakePort>();
        ((FakePort)(object)proxy).Answer = answer;
        return proxy;
    }

    private sealed class Sight(ArtifactSeen seen) : IArtifactSight
    {
        public string? Fault { get; init; }

        public bool IsDistrusted { get; private set; }

        public Task Seen => Task.CompletedTask;

        public string? FindFault() => Fault;

        public Task<string?> LookAgain(CancellationToken cancellationToken) => Task.FromResult(Fault);

        public Task<ArtifactSeen> Look(PartitionRecord committed, CancellationToken cancellationToken) => Task.FromResult(seen);

        public void Distrust(PartitionRecord committed) => IsDistrusted = true;
    }

    private sealed class Membership(IEnumerable<SiloAddress> silos) : IClusterMembershipService
    {
        public ClusterMembershipSnapshot CurrentSnapshot { get; } = new(
            silos.ToImmutableDictionary(
                silo => silo,
                silo => new ClusterMember(silo, SiloStatus.Active, silo.Equals(Gateway) ? "gateway-1" : "worker-1")),
            new MembershipVersion(1));

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
            ValueTask.CompletedTask;

        public Task<bool> TryKill(SiloAddress siloAddress) => Task.FromResult(false);
    }

#pragma warning disable CA1852 // The proxy is a class that derives from it.
    internal class FakePort : DispatchProxy
    {
        public Func<MethodInfo, object?[]?, object?> Answer { get; set; } = null!;

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Answer(targetMethod!, args);
    }
#pragma warning restore CA1852
}
