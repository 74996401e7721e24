using System.Globalization;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Scaling;
using k8s.Models;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// Workers as pods of a StatefulSet or Deployment. Its controller starts and ends pods; this sets their number, and says which
/// shall go: a StatefulSet always loses its highest ordinals, which therefore leave first; of a Deployment any pod may leave, so
/// those that shall are marked by their deletion cost, the number is lowered, and they are deleted, in this order: a pod deleted
/// before would be replaced. A worker whose container ends is started again in its pod by the kubelet, which has a backoff of its
/// own. Workers report the name of their pod: it is their machine's name, unless they are told otherwise by Cluster:MachineName.
/// </summary>
internal sealed class KubernetesTarget(KubernetesWorkload workload, TimeProvider time) : IScaleTarget
{
    private const string CostAnnotation = "controller.kubernetes.io/pod-deletion-cost";
    private const string LeavingAnnotation = "orleans.cluster/leaving";
    private const int MaxConflicts = 5;
    private const int KeptEnds = 64;

    // Without grace as the API means it (0) a pod's object is gone while its processes may go on.
    private const int ShortestGraceSeconds = 1;

    private static readonly Dictionary<string, string> Leaving = new() { [CostAnnotation] = "-1000",
        [LeavingAnnotation] = "true" };

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _missingSince = [];
    private readonly Queue<ScaleInstance> _ended = [];
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private Dictionary<string, (ScaleInstance Instance, bool WasAsked)> _lastSeen = [];

    public string Name => "kubernetes";

    public bool CanScale => true;

    /// <summary>Slots and memory are in the pod template, which the gateway has no right to change.</summary>
    public bool CanShape => false;

    public async Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken)
    {
        var world = await Look(cancellationToken);
        var now = time.GetUtcNow();
        lock (_gate)
        {
            // An end is told once and for all: not every one has a time of its own.
            var pods = world.Pods.ToDictionary(
                pod => pod.Metadata.Uid,
                pod => _lastSeen.TryGetValue(pod.Metadata.Uid, out var known) && known.Instance.End is not null
                    ? known
                    : (Instance: Describe(pod, world.Set), WasAsked: WasAsked(pod)));
            foreach (var (id, seen) in _lastSeen.Where(pair => !pods.ContainsKey(pair.Key) && pair.Value.Instance.End is null))
            {
                _ended.Enqueue(
                    seen.Instance with { End = new InstanceEnd(now, seen.WasAsked, $"pod {seen.Instance.Machine} was removed") });
            }

            while (_ended.Count > KeptEnds)
            {
                _ended.Dequeue();
            }

            _asked.IntersectWith(pods.Keys);
            _lastSeen = pods;
            return
            [
                .. _ended,
                .. pods.Values.Select(pod => pod.Instance)
                    .OrderBy(instance => instance.StartedAt).ThenBy(instance => instance.Ordinal),
                .. Unscheduled(world.Set, now),
            ];
        }
    }

    public Task Start(int count, WorkerShape shape, CancellationToken cancellationToken)
    {
        int? size = null;
        return Resize(set => size ??= ReplicaPolicy.Grow(set, count), cancellationToken);
    }

    public async Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken)
    {
        var world = await Look(cancellationToken);
        var pods = world.Pods.Where(pod => instances.Contains(pod.Metadata.Uid)).ToList();
        foreach (var pod in pods.Where(pod => !WasAsked(pod)))
        {
            // A StatefulSet chooses by ordinal: there is nothing to tell it, and so no right to change pods is needed.
            if (!workload.IsOrdered)
            {
                await workload.Annotate(pod, Leaving, cancellationToken);
            }

            lock (_gate)
            {
                _asked.Add(pod.Metadata.Uid);
                // It may be gone before it is listed again.
                _lastSeen[pod.Metadata.Uid] = (Describe(pod, world.Set), WasAsked: true);
            }
        }

        await Resize(set => ReplicaPolicy.Shrink(set, instances), cancellationToken);
        foreach (var pod in pods.Where(_ => atOnce || !workload.IsOrdered))
        {
            await workload.Delete(pod, atOnce ? ShortestGraceSeconds : null, cancellationToken);
        }
    }

    // Somebody else (kubectl, an autoscaler of the cluster) may set the number too: then the world is looked at anew.
    private async Task Resize(Func<ReplicaSet, int> decide, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; conflicts < MaxConflicts; conflicts++)
        {
            var (scale, set, _) = await Look(cancellationToken);
            var size = decide(set);
            if (size == set.Size)
            {
                return;
            }

            scale.Spec = new V1ScaleSpec { Replicas = size };
            if (await workload.TryWriteScale(scale, cancellationToken))
            {
                return;
            }
        }

        throw new InvalidOperationException($"Somebody else has changed the number of replicas {MaxConflicts} times in a row.");
    }

    private async Task<World> Look(CancellationToken cancellationToken)
    {
        var scale = await workload.ReadScale(cancellationToken);
        var selector = scale.Status?.Selector is { Length: > 0 } text
            ? text
            : throw new InvalidOperationException("The workload says nothing of its pods' labels.");
        var pods = await workload.ListPods(selector, cancellationToken);
        var members = pods.Where(pod => !HasEnded(pod))
            .Select(pod => new ReplicaMember(pod.Metadata.Uid, OrdinalOf(pod), pod.Metadata.DeletionTimestamp is not null));
        return new World(scale, new ReplicaSet(scale.Spec?.Replicas ?? 0, workload.IsOrdered, [.. members]), pods);
    }

    private IEnumerable<ScaleInstance> Unscheduled(ReplicaSet set, DateTimeOffset now)
    {
        var missing = ReplicaPolicy.Missing(set);
        foreach (var id in _missingSince.Keys.Except(missing.Select(member => member.Id)).ToList())
        {
            _missingSince.Remove(id);
        }

        foreach (var member in missing)
        {
            _missingSince.TryAdd(member.Id, now);
        }

        return missing.Select(member => new ScaleInstance
        {
            Id = member.Id,
            StartedAt = _missingSince[member.Id],
            Machine = "",
            Ordinal = member.Ordinal,
            Note = "Its pod has been asked for; Kubernetes has not made it yet.",
        }).ToList();
    }

    private ScaleInstance Describe(V1Pod pod, ReplicaSet set)
    {
        var member = new ReplicaMember(pod.Metadata.Uid, OrdinalOf(pod), pod.Metadata.DeletionTimestamp is not null);
        return new ScaleInstance
        {
            Id = member.Id,
            StartedAt = TimeOf(pod.Status?.StartTime ?? pod.Metadata.CreationTimestamp) ?? time.GetUtcNow(),
            Machine = pod.Metadata.Name,
            Ordinal = member.Ordinal,
            IsEnding = ReplicaPolicy.IsEnding(set, member),
            Note = WhyNotReady(pod),
            End = HasEnded(pod) ? EndOf(pod) : null,
        };
    }

    private int? OrdinalOf(V1Pod pod) => workload.IsOrdered
        && int.TryParse(
            pod.Metadata.Name[(pod.Metadata.Name.LastIndexOf('-') + 1)..], NumberStyles.None, CultureInfo.InvariantCulture,
            out var ordinal)
            ? ordinal
            : null;

    private static bool HasEnded(V1Pod pod) => pod.Status?.Phase is "Failed" or "Succeeded";

    private bool WasAsked(V1Pod pod) =>
        _asked.Contains(pod.Metadata.Uid) || (pod.Metadata.Annotations?.ContainsKey(LeavingAnnotation) ?? false);

    private InstanceEnd EndOf(V1Pod pod)
    {
        var ended = pod.Status!.ContainerStatuses?.Select(container => container.State?.Terminated)
            .FirstOrDefault(state => state is not null);
        var reason = string.Join(
            ", ", new[] { pod.Status.Reason, pod.Status.Message, ended?.Reason }.Where(text => !string.IsNullOrEmpty(text))
            .Distinct());
        var code = ended is null ? "" : string.Create(CultureInfo.InvariantCulture, $" with code {ended.ExitCode}");
        return new InstanceEnd(
            TimeOf(ended?.FinishedAt)
            ?? time.GetUtcNow(), WasAsked(pod),
            $"pod {pod.Metadata.Name} ended{code}{(reason.Length == 0 ? "" : $" ({reason})")}");
    }

    private static string? WhyNotReady(V1Pod pod)
    {
        var container = pod.Status?.ContainerStatuses?.FirstOrDefault(container => container.State?.Waiting is not null);
        var unscheduled = pod.Status?.Conditions?.FirstOrDefault(condition =>
            condition is { Type: "PodScheduled", Status: "False" });
        var before = container?.LastState?.Terminated is { } end
            ? string.Create(CultureInfo.InvariantCulture, $" It ended with code {end.ExitCode} before ({end.Reason}).") : "";
        return (container?.State.Waiting, unscheduled) switch
        {
            ({ } waiting, _) => $"{waiting.Reason}: {waiting.Message ?? "the container is not running."}{before}",
            (_, { } condition) => $"{condition.Reason}: {condition.Message}",
            _ => null,
        };
    }

    private static DateTimeOffset? TimeOf(DateTime? time) =>
        time is { } at ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) : null;

    private sealed record World(V1Scale Scale, ReplicaSet Set, IList<V1Pod> Pods);
}
