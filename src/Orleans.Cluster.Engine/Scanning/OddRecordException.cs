namespace Orleans.Cluster.Engine.Scanning;

/// <summary>
/// A record that a scan of JSON does not read itself: wrong, or with a value in a spelling that only the engine's own reader
/// interprets. Its table is then staged and read by that.
/// </summary>
internal sealed class OddRecordException(string path, long record)
    : Exception($"{path}: record {record + 1} of this partition is read by the engine's own reader.");
