using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Rows and bytes a second over the last few seconds of a job's status documents.</summary>
internal sealed class ThroughputMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private readonly Queue<(long At, long Rows, long Bytes)> seen = new();

    /// <summary>Rates after one more document; null until two documents are far enough apart to tell.</summary>
    public (double Rows, double Bytes)? Add(JobProgress progress)
    {
        var now = time.GetTimestamp();
        seen.Enqueue((now, progress.RowsDone, progress.BytesDone));
        while (seen.Count > 2 && time.GetElapsedTime(seen.Peek().At, now) > Window)
        {
            seen.Dequeue();
        }

        var (at, rows, bytes) = seen.Peek();
        var seconds = time.GetElapsedTime(at, now).TotalSeconds;
        return seconds < 0.2 ? null : ((progress.RowsDone - rows) / seconds, (progress.BytesDone - bytes) / seconds);
    }
}
