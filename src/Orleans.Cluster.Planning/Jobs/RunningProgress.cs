using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// What attempts that run have read, as their workers said last. What has ended is in the checkpoint table, and here it would
/// count a second time: so only those count that the table said are running when its numbers were read last, however late a
/// worker's word comes.
/// </summary>
internal sealed class RunningProgress
{
    private readonly Dictionary<AttemptId, AttemptReading> attempts = [];
    private HashSet<AttemptId> running = [];

    /// <summary>Attempts that are known here.</summary>
    public int Count => attempts.Count;

    /// <summary>Bytes that those that run have written.</summary>
    public long BytesWritten =>
        attempts.Values.Where(item => running.Contains(item.Attempt)).Sum(item => item.BytesWritten);

    /// <summary>Takes a worker's word.</summary>
    public void Report(IEnumerable<AttemptReading> readings)
    {
        foreach (var reading in readings)
        {
            attempts[reading.Attempt] = reading;
        }
    }

    /// <summary>Forgets all but those that the table says are running. Only these count from now on.</summary>
    /// <param name="inTable">Read after the numbers of what has ended, so that none is in both.</param>
    public void KeepOnly(IEnumerable<AttemptId> inTable)
    {
        running = [.. inTable];
        foreach (var ended in attempts.Keys.Where(attempt => !running.Contains(attempt)).ToList())
        {
            attempts.Remove(ended);
        }
    }

    /// <summary>Sums by stage of those that run.</summary>
    public IReadOnlyDictionary<int, (long Bytes, long Rows)> ByStage() => attempts.Values
        .Where(item => running.Contains(item.Attempt))
        .GroupBy(item => item.Attempt.Task.Stage)
        .ToDictionary(group => group.Key, group => (group.Sum(item => item.BytesDone), group.Sum(item => item.RowsDone)));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        attempts.Clear();
        running.Clear();
    }
}

/// <summary>How far an attempt that runs was when its worker looked last.</summary>
/// <param name="Attempt">The attempt.</param>
/// <param name="BytesDone">Bytes of its sources that it has read.</param>
/// <param name="RowsDone">Rows that it has read.</param>
/// <param name="BytesWritten">Bytes that it has written into the artifact store.</param>
public sealed record AttemptReading(AttemptId Attempt, long BytesDone, long RowsDone, long BytesWritten = 0);
