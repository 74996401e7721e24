using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// Looks, at a retry, for source files that were written again since the job was planned. A file that was missing and is back
/// (restored, mounted again) has another modification time, which a task refuses; but whoever asks for the retry says that it is
/// the file that was meant, and most of that can be checked: it must have the planned size, and every planned range must still be
/// whole records, as many as planned. What cannot be checked is said in the job's notes. A file that differs in any of that stays
/// refused.
/// </summary>
internal sealed class SourceRecheck(IPlanningEngine engine, ObjectRoots objects) : ISourceRecheck
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<FileStamp>> FindAccepted(
        JobPlan plan, IReadOnlyList<FileStamp> before, CancellationToken cancellationToken)
    {
        var accepted = new List<FileStamp>();
        foreach (var dataset in plan.Datasets.Values)
        {
            foreach (var slices in dataset.Partitions.SelectMany(partition => partition.Slices)
                .GroupBy(slice => slice.File.Stamp.Path))
            {
                var file = slices.First().File;
                if (accepted.All(stamp => stamp.Path != slices.Key) && await StampNow(file.Stamp, cancellationToken) is { } now
                    && now != file.Stamp
                    && (before.Contains(now)
                        || await HoldsThePlannedRecords(dataset, file with { Stamp = now }, [.. slices], cancellationToken)))
                {
                    accepted.Add(now);
                }
            }
        }

        return accepted;
    }

    // Null when it is not there, or is another file by its size.
    private async Task<FileStamp?> StampNow(FileStamp planned, CancellationToken cancellationToken)
    {
        if (ObjectGrant.IsObject(planned.Path))
        {
            return await ObjectNow(planned.Path, cancellationToken) is { } found && found.Bytes == planned.Bytes ? found : null;
        }

        var file = new FileInfo(planned.Path);
        return file.Exists && file.Length == planned.Bytes
            ? planned with { ModifiedAt = new DateTimeOffset(file.LastWriteTimeUtc) } : null;
    }

    private async Task<FileStamp?> ObjectNow(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.Stamp(path, cancellationToken);
        }
        catch (ObjectStoreException)
        {
            // The store does not answer; the attempt waits for it, and says so when it does not come back.
            return null;
        }
    }

    private async Task<bool> HoldsThePlannedRecords(
        PlannedDataset dataset, SourceFile file, IReadOnlyList<FileSlice> slices, CancellationToken cancellationToken)
    {
        try
        {
            if (dataset.Format == SourceFormat.Parquet)
            {
                var probe = await engine.Probe(
                    new ProbeRequest(new SourceSpec
                    {
                        Path = [file.Stamp.Path], Format = SourceFormat.Parquet,
                    }, [file.Stamp]), cancellationToken);
                return probe.Files[0].RowGroups is { } groups && groups.SequenceEqual(file.RowGroups ?? []);
            }

            if (!file.Splittable || slices.All(slice => slice.Rows is null))
            {
                // One stream, or one range read whole: nothing was counted, so that nothing can be contradicted.
                return true;
            }

            var planned = slices.OrderBy(slice => slice.Start).Select(slice => (slice.Start, slice.End, slice.Rows));
            var ranges = await engine.Align(
                new AlignRequest(file, file.Dialect
                    ?? dataset.Dialect, [.. slices.Select(slice => slice.Start).Where(start => start > file.DataStart).Order()]),
                cancellationToken);
            return ranges.Select(range => (range.Start, range.End, range.Rows)).SequenceEqual(planned);
        }
        catch (ClusterException)
        {
            // It cannot be read as what was planned; the attempt will say so.
            return false;
        }
    }
}
