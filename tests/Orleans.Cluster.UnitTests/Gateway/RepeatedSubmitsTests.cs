using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class RepeatedSubmitsTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task Once_ManyAtOnce_OneDoesTheWorkForAll()
    {
        var submits = new RepeatedSubmits(Options.Create(new JobOptions()), clock);
        var calls = 0;
        var answer = new TaskCompletionSource<JobStatus>();

        var all = Enumerable.Range(0, 100)
            .Select(_ =>
                submits.Once((null, "k"), "h", () => Interlocked.Increment(ref calls) == 1
                    ? answer.Task
                    : throw new InvalidOperationException(), None))
            .ToList();
        answer.SetResult(Status());
        var ids = (await Task.WhenAll(all)).Select(status => status.Id).Distinct();

        Assert.Single(ids);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Once_AnotherRequestUnderTheKey_IsRefused()
    {
        var submits = new RepeatedSubmits(Options.Create(new JobOptions()), clock);
        var answer = new TaskCompletionSource<JobStatus>();
        var first = submits.Once((null, "k"), "h", () => answer.Task, None);

        var refusal = await Assert.ThrowsAsync<ClusterException>(() =>
            submits.Once((null, "k"), "other", () => Task.FromResult(Status()), None));
        var ofOther = await submits.Once(("ann", "k"), "other", () => Task.FromResult(Status()), None);
        answer.SetResult(Status());

        Assert.Equal(Contracts.ProblemCode.IdempotencyKeyReused, refusal.Code);
        Assert.NotEqual((await first).Id, ofOther.Id);
    }

    [Fact]
    public async Task Once_FirstIsRefused_SoAreThoseThatWait()
    {
        var submits = new RepeatedSubmits(Options.Create(new JobOptions()), clock);
        var answer = new TaskCompletionSource<JobStatus>();
        var first = submits.Once((null, "k"), "h", () => answer.Task, None);
        var second = submits.Once((null, "k"), "h", () => Task.FromResult(Status()), None);

        answer.SetException(new ClusterException(Contracts.ProblemCode.DatasetNotFound, "gone"));

        await Assert.ThrowsAsync<ClusterException>(() => first);
        Assert.Equal(Contracts.ProblemCode.DatasetNotFound, (await Assert.ThrowsAsync<ClusterException>(() => second)).Code);
    }

    [Fact]
    public async Task Once_FirstLeaves_TheNextDoesTheWork()
    {
        var submits = new RepeatedSubmits(Options.Create(new JobOptions()), clock);
        var answer = new TaskCompletionSource<JobStatus>();
        var first = submits.Once((null, "k"), "h", () => answer.Task, None);
        var second = submits.Once((null, "k"), "h", () => Task.FromResult(Status()), None);

        answer.SetCanceled(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.NotNull(await second);
    }

    [Fact]
    public async Task Once_FirstTakesTooLong_InFlight()
    {
        var submits = new RepeatedSubmits(Options.Create(new JobOptions()), clock);
        var never = new TaskCompletionSource<JobStatus>();
        _ = submits.Once((null, "k"), "h", () => never.Task, None);
        var second = submits.Once((null, "k"), "h", () => Task.FromResult(Status()), None);

        clock.Advance(TimeSpan.FromSeconds(21));

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => second);
        Assert.Equal(
            (Contracts.ProblemCode.IdempotencyInFlight, 409, true),
            (refusal.Code, refusal.Problem.Status, refusal.Problem.Retryable));
    }

    private static JobStatus Status()
    {
        var id = JobId.New(DateTimeOffset.UnixEpoch);
        return new JobStatus
        {
            Id = id, Operation = OperationKind.Aggregate, Priority = JobPriority.Normal, Phase = JobPhase.Queued, Revision = 1,
            CreatedAt = DateTimeOffset.UnixEpoch, Progress = new JobProgress(), Links = JobLinks.Of(id),
        };
    }
}
