using System.Diagnostics;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.UnitTests.Jobs;

/// <summary>Spans of one job as any process makes them, from what is stored.</summary>
public sealed class JobTraceTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly JobSpec Spec = new() { Operation = OperationKind.Aggregate };

    private readonly JobId id = JobId.New();
    private readonly List<Activity> spans = [];
    private readonly ActivityListener listener;

    public JobTraceTests()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ClusterTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("job") as string == id.Value)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public void Stored_FromStartToEnd_IsOneTreeWhoeverStoresIt()
    {
        var queued = new JobState { Id = id, Priority = JobPriority.High, Phase = JobPhase.Queued, CreatedAt = Now };
        var running = Apply(
            queued, queued with { Phase = JobPhase.Running, Stages = [Stage(0, StagePhase.Open), Stage(1, StagePhase.Pending)] },
            1);
        JobTrace.StartAttempt(new AttemptId(new TaskId(id, 0, 3), 1), 1, new WorkerId("w"))!.Dispose();
        var second = Apply(
            running,
            running with
            {
                Stages = [running.Stages[0] with { Phase = StagePhase.Complete },
                    running.Stages[1] with { Phase = StagePhase.Open }],
            }, 5);
        var publishing = Apply(
            second, second with
            {
                Phase = JobPhase.Publishing, Stages = [second.Stages[0], second.Stages[1] with { Phase = StagePhase.Complete }],
            }, 7);
        using (JobTrace.Start("publish", id, 1))
        {
            Apply(publishing, publishing with { Phase = JobPhase.Succeeded, FinishedAt = Now.AddSeconds(8) }, 8);
        }

        Assert.Equal(["attempt", "stage 0", "stage 1", "job", "publish"], spans.Select(span => span.OperationName));
        Assert.Single(spans.Select(span => span.TraceId).Distinct());
        var root = spans[3];
        Assert.Equal(default, root.ParentSpanId);
        Assert.Equal((Now.UtcDateTime, TimeSpan.FromSeconds(8)), (root.StartTimeUtc, root.Duration));
        Assert.Equal(spans[1].SpanId, spans[0].ParentSpanId);
        Assert.All([spans[1], spans[2], spans[4]], span => Assert.Equal(root.SpanId, span.ParentSpanId));
        Assert.Equal((Now.AddSeconds(1).UtcDateTime, TimeSpan.FromSeconds(4)), (spans[1].StartTimeUtc, spans[1].Duration));
        Assert.Equal((Now.AddSeconds(5).UtcDateTime, TimeSpan.FromSeconds(2)), (spans[2].StartTimeUtc, spans[2].Duration));
        Assert.Null(Activity.Current);
    }

    [Fact]
    public void Stored_FailedAndTriedAgain_EndsTheOpenStageAndHasASpanForTheRetry()
    {
        var running = new JobState
        {
            Id = id, Priority = JobPriority.High, Phase = JobPhase.Running, CreatedAt = Now,
            Stages = [Stage(0, StagePhase.Open) with { OpenedAt = Now.AddSeconds(1) }],
        };
        var failed = Apply(
            running,
            running with
            {
                Phase = JobPhase.Failed, FinishedAt = Now.AddSeconds(2),
                Error = ProblemDocument.Of(Contracts.ProblemCode.Internal, "no"),
            }, 2);
        var again = Apply(failed, failed with { Phase = JobPhase.Queued, Epoch = 2, FinishedAt = null, Error = null }, 10);
        Apply(again,
            again with
            {
                Phase = JobPhase.Succeeded, FinishedAt = Now.AddSeconds(12),
                Stages = [again.Stages[0] with { Phase = StagePhase.Complete }],
            }, 12);

        Assert.Equal(["stage 0", "job", "stage 0", "retry"], spans.Select(span => span.OperationName));
        Assert.Equal(
            [ActivityStatusCode.Error, ActivityStatusCode.Error, ActivityStatusCode.Unset, ActivityStatusCode.Unset],
            spans.Select(span => span.Status));
        Assert.Equal(4, spans.Select(span => span.SpanId).Distinct().Count());
        Assert.Equal((spans[1].SpanId, Now.AddSeconds(10).UtcDateTime), (spans[3].ParentSpanId, spans[3].StartTimeUtc));
        Assert.Equal(spans[3].SpanId, spans[2].ParentSpanId);
    }

    [Fact]
    public void Submitted_InsideARequest_LinksToItsTrace()
    {
        using var request = new Activity("request").Start();

        JobTrace.Submitted(
            new JobState { Id = id, Priority = JobPriority.Low, Phase = JobPhase.Queued, CreatedAt = Now }, Now.AddSeconds(-1),
            Now, isPlanned: true);

        var span = Assert.Single(spans);
        Assert.Equal(request.Context, Assert.Single(span.Links).Context);
        Assert.Equal(JobTrace.Of(id, 1).SpanId, span.ParentSpanId);
        Assert.Same(request, Activity.Current);
    }

    private static JobState Apply(JobState before, JobState after, int second)
    {
        var noted = JobTimes.Note(before, after, Now.AddSeconds(second));
        JobTrace.Stored(before, noted, Spec, Now.AddSeconds(second));
        return noted;
    }

    private static StageState Stage(int index, StagePhase phase) => new(index, phase, 1);
}
