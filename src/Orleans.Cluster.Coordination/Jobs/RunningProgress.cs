using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Calls;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// What attempts that run have read, as their workers said last. What has ended is in the checkpoint table; here it would count a second time.
/// </summary>
internal sealed class RunningProgress
{
    private readonly Dictionary<AttemptId, AttemptProgress> attempts = [];

    /// <summary>Attempts that are known here.</summary>
    public int Count => attempts.Count;

    /// <summary>Takes a worker's word.</summary>
    public void Report(IReadOnlyList<AttemptProgress> progress)
    {
        foreach (var item in progress)
        {
            attempts[item.Attempt] = item;
        }
    }

    /// <summary>Forgets all but those that the table says are running.</summary>
    public void KeepOnly(IEnumerable<AttemptId> running)
    {
        foreach (var ended in attempts.Keys.Except(running).ToList())
        {
            attempts.Remove(ended);
        }
    }

    /// <summary>Sums by stage.</summary>
    public IReadOnlyDictionary<int, (long Bytes, long Rows)> ByStage() => attempts.Values.GroupBy(item => item.Attempt.Task.Stage)
        .ToDictionary(group => group.Key, group => (group.Sum(item => item.BytesDone), group.Sum(item => item.RowsDone)));

    /// <summary>Forgets everything.</summary>
    public void Clear() => attempts.Clear();
}
