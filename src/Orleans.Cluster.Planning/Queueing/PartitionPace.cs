using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// How long partitions take, as seen from the attempts that workers report: a mean in which the latest ones count most.
/// </summary>
/// <remarks>
/// An attempt that begins and ends between two reports is not seen; such short ones matter little to whoever plans by this.
/// </remarks>
public sealed class PartitionPace
{
    private const double NewestShare = 0.1;

    private readonly Dictionary<WorkerId, Dictionary<AttemptId, DateTimeOffset>> running = [];

    /// <summary>Seconds; null while none has ended.</summary>
    public double? MeanSeconds { get; private set; }

    /// <summary>Takes what a worker runs now.</summary>
    public void Note(WorkerId worker, IReadOnlyCollection<AttemptId> attempts, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(attempts);
        var before = running.GetValueOrDefault(worker, []);
        var current = attempts.ToDictionary(attempt => attempt, attempt => before.GetValueOrDefault(attempt, now));
        foreach (var ended in before.Where(pair => !current.ContainsKey(pair.Key)))
        {
            var seconds = (now - ended.Value).TotalSeconds;
            MeanSeconds = MeanSeconds is { } mean ? mean + ((seconds - mean) * NewestShare) : seconds;
        }

        running[worker] = current;
    }

    /// <summary>A worker is gone; how long its attempts would have taken is not known.</summary>
    public void Forget(WorkerId worker) => running.Remove(worker);
}
