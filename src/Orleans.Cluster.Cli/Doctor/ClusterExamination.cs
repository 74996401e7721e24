using System.Text.Json;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Doctor;

/// <summary>
/// Looks at a cluster through its gateway, from the outside inwards; what makes no sense after a fault is left out.
/// </summary>
internal sealed class ClusterExamination(IClusterControl cluster, IJobClient jobs, Uri address, TimeProvider clock)
{
    /// <summary>Clocks further apart than this make times in answers and in logs misleading.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    /// <summary>Looks at everything that can be seen.</summary>
    /// <exception cref="ClusterUnreachableException">Nothing answers at the address.</exception>
    public async IAsyncEnumerable<Finding> RunAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = clock.GetUtcNow();
        var (health, refusal) = await AskAsync(() => cluster.GetHealthAsync(cancellationToken));
        var answered = clock.GetUtcNow();
        yield return Finding.Good("server", $"{address} answers.");
        if (refusal is not null)
        {
            yield return OfRefusal(refusal);
            yield break;
        }

        yield return Finding.Good("key", "The gateway takes requests of this caller.");
        yield return OfVersion(health);
        yield return OfClock(health, asked, answered);
        foreach (var part in (string[])["storage", "membership", "queue"])
        {
            yield return OfPart(part, health.GetProperty(part));
        }

        if (health.GetProperty("status").GetString() != "HEALTHY")
        {
            yield break;
        }

        foreach (var finding in OfWorkers(await cluster.GetStatusAsync(cancellationToken)))
        {
            yield return finding;
        }

        yield return OfWaiting(await cluster.GetQueueAsync(cancellationToken));
        yield return await TryExecutorAsync(cancellationToken);
    }

    private static async Task<(JsonElement Health, ClusterException? Refusal)> AskAsync(Func<Task<JsonElement>> question)
    {
        try
        {
            return (await question(), null);
        }
        catch (ClusterException refusal)
        {
            return (default, refusal);
        }
    }

    private static Finding OfRefusal(ClusterException refusal) =>
        refusal.Code == ProblemCode.Unauthenticated || refusal.Code == ProblemCode.Forbidden
        ? new("key", FindingKind.Fault, refusal.Problem.Detail ?? refusal.Message,
            "Put a key into ORLEANS_CLUSTER_API_KEY. An administrator makes one with `keys create` of the silo, or with POST "
            + "/api/processing/keys.")
        : new("server", FindingKind.Fault, refusal.Problem.Detail ?? refusal.Message, refusal.Problem.Hint);

    private static Finding OfVersion(JsonElement health)
    {
        var theirs = health.GetProperty("version").GetString();
        return theirs == ProductVersion.Current
            ? Finding.Good("version", $"Both are {theirs}.")
            : new("version", FindingKind.Warning, $"The gateway is {theirs}, this program {ProductVersion.Current}.",
                "Use the same version of both.");
    }

    // The gateway read its clock somewhere between the question and the answer.
    private static Finding OfClock(JsonElement health, DateTimeOffset asked, DateTimeOffset answered)
    {
        var theirs = health.GetProperty("now").GetDateTimeOffset();
        var apart = theirs < asked ? asked - theirs : theirs > answered ? theirs - answered : TimeSpan.Zero;
        return apart <= Skew
            ? Finding.Good("clock", "The gateway's clock agrees with this machine's.")
            : new("clock", FindingKind.Warning, $"The gateway's clock is {apart.TotalSeconds:0} s away from this machine's.",
                "Synchronise both clocks (NTP).");
    }

    private static Finding OfPart(string name, JsonElement part)
    {
        var detail = part.GetProperty("detail").GetString();
        return part.GetProperty("state").GetString() == "UP"
            ? Finding.Good(name, detail ?? "It answers.")
            : new(name, FindingKind.Fault, detail ?? "It does not answer.", name switch
            {
                "storage" =>
                    "See that the database runs and that the gateway reaches it; jobs go on by themselves once it is back.",
                "membership" => "See the gateway's log; restart the gateway when it does not mend by itself.",
                _ => "See the gateway's and the workers' logs; a queue whose silo is lost is taken over within seconds.",
            });
    }

    private static IEnumerable<Finding> OfWorkers(ClusterStatus status)
    {
        var says = $"{status.ActiveWorkers} of {status.DesiredWorkers} wanted are active"
            + $"{(status.Detail is { Length: > 0 } detail ? $": {detail}" : "")}.";
        yield return status switch
        {
            { State: ClusterState.Stopped or ClusterState.Stopping } => new(
                "workers", FindingKind.Warning, "The cluster is stopped; jobs wait.", "Start it with `cluster start`."),
            { State: ClusterState.Degraded } =>
                new("workers", FindingKind.Fault, says,
                    "Workers keep ending: read logs/ in the state folder, or the containers' logs."),
            { IsAttended: false } =>
                new("workers", FindingKind.Warning, "No gateway looks after the workers yet.", "Wait a moment and look again."),
            { ActiveWorkers: 0 } =>
                new("workers", FindingKind.Fault, says, "Start workers with `cluster start`, or see why they do not join."),
            _ when status.ActiveWorkers < status.DesiredWorkers =>
                new("workers", FindingKind.Warning, says, "More may be on their way; look again."),
            _ => Finding.Good("workers", says),
        };
        if (status.Workers.Where(worker => worker.State == WorkerState.Active)
            .Select(worker => worker.MemoryCap).OfType<MemoryCap>().ToList() is { Count: > 0 } caps)
        {
            yield return Finding.Good("memory", caps.TrueForAll(cap => cap == MemoryCap.Cgroup)
                ? "The kernel caps every executor at what its task asked for (control groups)."
                : $"{caps.Count(cap => cap == MemoryCap.Watch)} workers look at their executors' memory several times a second; "
                + "no control group can be made for them, and a burst between two looks gets through.");
        }

        foreach (var worker in status.Workers.Where(worker => worker.State == WorkerState.Unwell))
        {
            yield return new(
                "workers", FindingKind.Fault, $"{worker.Id} is unwell: {worker.Reason}",
                $"It is on {worker.Machine}, process {worker.ProcessId}; see its log.");
        }
    }

    private static Finding OfWaiting(QueueStatus queue)
    {
        var oldest = queue.Priorities.Where(level => level.Jobs > 0)
            .Select(level => level.OldestWaitSeconds).DefaultIfEmpty(0).Max();
        var jobs = queue.Priorities.Sum(level => level.Jobs);
        var says = $"{queue.BusySlots} of {queue.TotalSlots} slots are busy; {jobs} jobs wait, the oldest for {oldest:0} s.";
        return jobs > 0 && queue.BusySlots == 0
            ? new("waiting", FindingKind.Warning, says, "`queue` says what each one waits for.")
            : Finding.Good("waiting", says);
    }

    // The default dataset's schema can only come from an executor process that has started and has read a file.
    private async Task<Finding> TryExecutorAsync(CancellationToken cancellationToken)
    {
        try
        {
            var preview = await jobs.PartitionAsync(source: null, partitioning: null, cancellationToken);
            return Finding.Good("executor", $"One has read the default dataset: {preview.Columns.Count} columns.");
        }
        catch (ClusterException refusal) when (refusal.Code == ProblemCode.ValidationFailed)
        {
            return Finding.Good("executor", "Not tried: the cluster has no default dataset.");
        }
        catch (ClusterException refusal)
        {
            return new("executor", FindingKind.Fault, $"The default dataset cannot be read: {refusal.Problem.Detail}",
                refusal.Problem.Hint);
        }
    }
}
