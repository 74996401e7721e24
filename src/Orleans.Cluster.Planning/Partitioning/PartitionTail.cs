namespace Orleans.Cluster.Planning.Partitioning;

/// <summary>
/// Cuts the last partition of a dataset in two. Partitions of one size leave slots idle while the last of them run: five on two
/// slots take as long as six. Two halves at the end even that out for any number of slots, so that the cut needs to know none.
/// </summary>
internal static class PartitionTail
{
    /// <summary>A smaller half costs more, as a task of its own, than it saves.</summary>
    public const long LeastBytes = 32L << 20;

    private const int LeastPartitions = 3;

    /// <summary>Whether a dataset has partitions enough, and large enough.</summary>
    public static bool IsWorthIt(long totalBytes, long pieceBytes) =>
        pieceBytes >= 2 * LeastBytes && totalBytes > (LeastPartitions - 1) * pieceBytes;

    /// <summary>The offset half way through a range.</summary>
    public static long Middle(long start, long end) => start + ((end - start) / 2);

    /// <summary>Makes two partitions of the last one, at the border of its slices that is nearest to its middle.</summary>
    public static void Halve<T>(List<List<T>> packs, Func<T, long> bytesOf)
    {
        if (packs.Count < LeastPartitions || packs[^1] is not { Count: > 1 } last || last.Sum(bytesOf) < 2 * LeastBytes)
        {
            return;
        }

        var half = last.Sum(bytesOf) / 2;
        long before = 0;
        var border = Enumerable.Range(1, last.Count - 1).MinBy(count => Math.Abs((before += bytesOf(last[count - 1])) - half));
        packs[^1] = last[..border];
        packs.Add(last[border..]);
    }
}
