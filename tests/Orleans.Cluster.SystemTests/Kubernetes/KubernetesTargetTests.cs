using System.Text.Json.Nodes;
using Orleans.Cluster.Planning.Scaling;
using Orleans.Cluster.Silo.Scaling;

namespace Orleans.Cluster.SystemTests.Kubernetes;

/// <summary>The scale target against an API server, by HTTP.</summary>
public sealed class KubernetesTargetTests
{
    private static readonly WorkerShape Shape = new(1, 1 << 30);

    [Theory, InlineData(true), InlineData(false)]
    public async Task Start_TwoMore_AreAskedForOnceAndListedBeforeTheirPodsExist(bool ordered)
    {
        await using var api = await FakeKubernetes.Start(ordered, replicas: 1);
        using var workload = Connect(api, ordered);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        api.IsControlled = false;

        await target.Start(2, Shape, default);
        var promised = await target.List(default);
        api.Control();
        var started = await target.List(default);

        Assert.Equal(3, api.Replicas);
        Assert.Equal(3, promised.Count(instance => instance.End is null));
        Assert.Equal(2, promised.Count(instance => instance.Note is not null));
        Assert.Equal(
            api.Steady.Order(), started.Where(instance => instance.End is null).Select(instance => instance.Machine).Order());
    }

    [Fact]
    public async Task Stop_OneOfADeployment_IsThatOne()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: false, replicas: 4);
        using var workload = Connect(api, ordered: false);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var instances = await target.List(default);
        var victim = instances[1];

        await target.Stop([victim.Id], atOnce: false, default);
        await target.Stop([victim.Id], atOnce: false, default);
        var after = await target.List(default);

        Assert.Equal(3, api.Replicas);
        Assert.Equal(instances.Select(instance => instance.Machine).Except([victim.Machine]).Order(), api.Steady.Order());
        Assert.Equal([victim.Machine], after.Where(instance => instance.IsEnding).Select(instance => instance.Machine));
        Assert.All(after, instance => Assert.Null(instance.End));
    }

    [Fact]
    public async Task Stop_OneWhoseScaleWasWrittenWhenTheServerWentAway_IsDoneOnceByTheNextCall()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: false, replicas: 3);
        using var workload = Connect(api, ordered: false);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var victim = (await target.List(default))[0];
        api.IsControlled = false;
        api.Scale(2);

        await target.Stop([victim.Id], atOnce: false, default);
        api.Control();

        Assert.Equal(2, api.Replicas);
        Assert.DoesNotContain(victim.Machine, api.Steady);
        Assert.Equal(2, api.Steady.Count);
    }

    [Fact]
    public async Task Stop_TheLastOfAStatefulSet_LowersItsNumberAlone()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 4);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var instances = await target.List(default);

        await target.Stop(
            [.. instances.Where(instance => instance.Ordinal is 3 or 2 or 0).Select(instance => instance.Id)], atOnce: false,
            default);

        Assert.Equal(2, api.Replicas);
        Assert.Equal(["worker-0", "worker-1"], api.Steady);
        Assert.DoesNotContain(api.Changes, change => change.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_AtOnceInTheMiddleOfAStatefulSet_ReplacesThatOne()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 3);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var ghost = (await target.List(default)).Single(instance => instance.Ordinal == 1);

        await target.Stop([ghost.Id], atOnce: true, default);
        var after = await target.List(default);

        Assert.Equal(3, api.Replicas);
        Assert.Equal(["worker-0", "worker-1", "worker-2"], api.Steady.Order());
        var end = Assert.Single(after, instance => instance.Id == ghost.Id).End;
        Assert.Equal((true, "pod worker-1 was removed"), (end!.WasRequested, end.Detail));
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Start_WhileAnotherClientScales_TheConflictIsSeenAndTheGoalIsReached(bool ordered)
    {
        await using var api = await FakeKubernetes.Start(ordered, replicas: 1);
        using var workload = Connect(api, ordered);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var others = 0;
        api.BeforeScale = () =>
        {
            if (others++ == 0)
            {
                api.Scale(2);
            }
        };

        await target.Start(2, Shape, default);

        Assert.Equal((3, 2), (api.Replicas, others));
    }

    [Fact]
    public async Task Start_WhileAnotherClientScalesWithoutEnd_GivesUpAndSaysWhy()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 1);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        api.BeforeScale = () => api.Scale(1);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => target.Start(2, Shape, default));

        Assert.Equal("Somebody else has changed the number of replicas 5 times in a row.", refused.Message);
    }

    [Fact]
    public async Task List_WithoutTheRight_SaysWhatTheServerSays()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 1);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        api.Refusal = (403, "statefulsets.apps \"worker\" is forbidden: User \"u\" cannot get resource \"statefulsets/scale\"");

        var refused = await Assert.ThrowsAsync<KubernetesRefusedException>(() => target.List(default));

        Assert.StartsWith(
            "Kubernetes answered 403: statefulsets.apps \"worker\" is forbidden", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ServerThatIsAwayAndComesBack_FailsMeanwhile()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 2);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var before = await target.List(default);

        var port = await api.Stop();
        await Assert.ThrowsAsync<HttpRequestException>(() => target.List(default));
        await Assert.ThrowsAsync<HttpRequestException>(() => target.Start(1, Shape, default));
        await api.Listen(port);
        var after = await target.List(default);

        Assert.Equal(before, after);
        Assert.Equal(2, api.Replicas);
    }

    [Fact]
    public async Task List_PodsInTrouble_SaysWhy()
    {
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 0);
        using var workload = Connect(api, ordered: true);
        var target = new KubernetesTarget(workload, TimeProvider.System);
        JsonObject[] trouble =
        [
            Status("""{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes are available: 3 Insufficient memory."}]}"""),
            Status("""
                {"phase":"Running","containerStatuses":[{"name":"worker","image":"i","imageID":"i","ready":false,"restartCount":4,
                "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 40s"}},"lastState":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]}
                """),
            Status("""{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: ephemeral-storage."}"""),
        ];
        api.Started += pod => pod.Status = trouble[pod.Ordinal!.Value];
        api.Scale(3);

        var instances = (await target.List(default)).Where(instance => instance.Machine.Length > 0)
            .OrderBy(instance => instance.Machine, StringComparer.Ordinal).ToList();

        Assert.Equal("Unschedulable: 0/3 nodes are available: 3 Insufficient memory.", instances[0].Note);
        Assert.Equal("CrashLoopBackOff: back-off 40s It ended with code 137 before (OOMKilled).", instances[1].Note);
        Assert.Equal("pod worker-2 ended (Evicted, The node was low on resource: ephemeral-storage.)", instances[2].End!.Detail);
    }

    private static JsonObject Status(string json) => JsonNode.Parse(json)!.AsObject();

    private static KubernetesWorkload Connect(FakeKubernetes api, bool ordered) => new(new KubernetesOptions
    {
        Kind = ordered ? WorkloadKind.StatefulSet : WorkloadKind.Deployment,
        Name = FakeKubernetes.Workload,
        KubeConfig = api.KubeConfig,
        Timeout = TimeSpan.FromSeconds(9),
    });
}
