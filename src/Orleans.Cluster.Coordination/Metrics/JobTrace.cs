using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Jobs;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>
/// A job is one trace:
/// <code>
/// job                     accepted to ended; a retry is a span "retry" below it
///   submit, plan          in the gateway, or where the job's grain is
///   stage n               opened to complete
///     attempt             in the worker
///       execute, commit
///   publish
/// </code>
/// The job and its stages begin in one process and end in another, which may be a third when the first was killed. So nothing is
/// handed on: the ids of these spans follow from the job's id, and the process that stores the end makes the span, from times
/// that are stored with the job. Each process can name them as parents of its own spans without asking anybody.
/// </summary>
internal static class JobTrace
{
    /// <summary>Starts a span of this process below the job.</summary>
    public static Activity? Start(string name, JobId job, int epoch) =>
        ClusterTelemetry.Activities.StartActivity(name, ActivityKind.Internal, Of(job, epoch))?.SetTag("job", job.Value);

    /// <summary>Starts the span of an attempt, below its stage.</summary>
    public static Activity? StartAttempt(AttemptId attempt, int epoch, WorkerId worker) => ClusterTelemetry.Activities
        .StartActivity("attempt", ActivityKind.Internal, OfStage(attempt.Task.Job, epoch, attempt.Task.Stage))?
        .SetTag("job", attempt.Task.Job.Value).SetTag("stage", attempt.Task.Stage).SetTag("partition", attempt.Task.Partition)
        .SetTag("attempt", attempt.Number).SetTag("worker", worker.Value);

    /// <summary>Starts a span below the one that is under way; none when that is not traced.</summary>
    public static Activity? StartPart(string name) =>
        Activity.Current?.Source == ClusterTelemetry.Activities ? ClusterTelemetry.Activities.StartActivity(name) : null;

    /// <summary>A job was accepted. Its span links to the request's, whose trace is the caller's.</summary>
    public static void Submitted(JobState job, DateTimeOffset received, DateTimeOffset stored, bool isPlanned)
    {
        var link = Activity.Current is { } request ? new[] { new ActivityLink(request.Context) } : [];
        Make(
            "submit", null, Of(job.Id, job.Epoch), received, stored,
            span => span.SetTag("job", job.Id.Value).SetTag("planned", isPlanned), link);
    }

    /// <summary>A change of a job was stored by this process: makes the spans of what it has ended.</summary>
    public static void Stored(JobState before, JobState after, JobSpec spec, DateTimeOffset now)
    {
        if (!ClusterTelemetry.Activities.HasListeners())
        {
            return;
        }

        foreach (var stage in JobTimes.Ended(before, after))
        {
            Make(
                $"stage {stage.Index}", OfStage(after.Id, after.Epoch, stage.Index).SpanId, Of(after.Id, after.Epoch),
                stage.OpenedAt!.Value, now,
                span => span.SetTag("job", after.Id.Value).SetTag("stage", stage.Index).SetTag("partitions", stage.Partitions)
                    .SetStatus(
                        stage.Phase == StagePhase.Complete ? ActivityStatusCode.Unset : ActivityStatusCode.Error,
                        "The job ended before it."));
        }

        if (!before.Phase.IsTerminal() && after.Phase.IsTerminal())
        {
            End(after, spec, now);
        }
    }

    /// <summary>The span of a job's epoch, as a parent.</summary>
    public static ActivityContext Of(JobId job, int epoch) =>
        new(TraceId(job), SpanId($"{job}/{epoch}"), ActivityTraceFlags.Recorded, isRemote: true);

    /// <summary>The span of a stage, as a parent.</summary>
    public static ActivityContext OfStage(JobId job, int epoch, int stage) =>
        new(TraceId(job), SpanId($"{job}/{epoch}/{stage}"), ActivityTraceFlags.Recorded, isRemote: true);

    private static void End(JobState job, JobSpec spec, DateTimeOffset now)
    {
        // The first epoch's span is the root, and has ended when there is a second.
        var isRetry = job.Epoch > 1;
        var parent = isRetry
            ? Of(job.Id, 1)
            : new ActivityContext(TraceId(job.Id), default, ActivityTraceFlags.Recorded, isRemote: true);
        Make(
            isRetry ? "retry" : "job", Of(job.Id, job.Epoch).SpanId, parent, job.RetriedAt ?? job.CreatedAt,
            job.FinishedAt ?? now,
            span => span.SetTag("job", job.Id.Value).SetTag("epoch", job.Epoch).SetTag("operation", spec.Operation.ToString())
                .SetTag("priority", job.Priority.ToString()).SetTag("phase", job.Phase.ToString())
                .SetStatus(
                    job.Phase == JobPhase.Failed ? ActivityStatusCode.Error : ActivityStatusCode.Unset, job.Error?.Detail));
    }

    private static void Make(
        string name, ActivitySpanId? id, ActivityContext parent, DateTimeOffset start, DateTimeOffset end,
        Action<Activity> describe,
        IEnumerable<ActivityLink>? links = null)
    {
        // A parent without a span, as the root has it, would give way to what is under way here.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            using var span = ClusterTelemetry.Activities.CreateActivity(name, ActivityKind.Internal, parent, links: links);
            if (span is null)
            {
                return;
            }

            span.SetStartTime(start.UtcDateTime).Start();
            if (id is { } known)
            {
                SpanIdOf(span) = known.ToHexString();
            }

            describe(span);
            span.SetEndTime(end.UtcDateTime).Stop();
        }
        finally
        {
            Activity.Current = current;
        }
    }

    // Hashed, although a job's id has as many bits: samplers take the first bytes of a trace id, and those of a job's id are the
    // time.
    private static ActivityTraceId TraceId(JobId job) => ActivityTraceId.CreateFromBytes(Hash(job.Value).AsSpan(0, 16));

    private static ActivitySpanId SpanId(string name) => ActivitySpanId.CreateFromBytes(Hash(name).AsSpan(0, 8));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.ASCII.GetBytes(text));

    // The runtime gives every span a random id and has no way to be given one. Its field is read when the span is exported.
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_spanId")]
    private static extern ref string? SpanIdOf(Activity activity);
}
