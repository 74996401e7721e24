using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Copies records of text slices to a staging file, each ended by one LF, as UTF-8: the one form that the engine reads without traps
/// (it skips rows after a header with CR LF, and refuses mixed line ends).
/// </summary>
internal sealed class RecordStager : IRecordSink
{
    private const int WriteBytes = 256 << 10;

    private readonly StagingFile _target;
    private readonly SingleByteText? _transcoder;
    private readonly IReadOnlySet<long> _skipped;
    private readonly List<byte> _pending = new(WriteBytes);

    private RecordStager(StagingFile target, SingleByteText? transcoder, IReadOnlySet<long> skipped) =>
        (_target, _transcoder, _skipped) = (target, transcoder, skipped);

    /// <summary>Records seen, skipped ones included.</summary>
    private long Records { get; set; }

    private int LongestRecord { get; set; }

    /// <summary>Stages slices one after the other.</summary>
    /// <param name="slices">Slices of text with one layout.</param>
    /// <param name="scan">How they are read.</param>
    /// <param name="target">Empty file.</param>
    /// <param name="skipped">Numbers of records to leave out, from 0 over all slices.</param>
    /// <param name="progress">Hears of source bytes read.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="EngineException">A file changed, or a slice does not hold the records that were counted.</exception>
    public static StagedRecords Stage(
        IReadOnlyList<FileSlice> slices, ScanInput scan, StagingFile target, IReadOnlySet<long> skipped, Action<long> progress,
        CancellationToken cancellationToken)
    {
        var splitter = new RecordSplitter(scan.DialectOf(slices[0].File));
        var stager = new RecordStager(target, SingleByteText.For(slices[0].File.Encoding), skipped);
        var rows = new List<long>(slices.Count);
        foreach (var slice in slices)
        {
            SourceStreams.Check(slice);
            var before = stager.Records;
            using var stream = SourceStreams.OpenRecords(slice, scan.Format);
            RecordPump.Pump(stream, splitter, stager, cancellationToken);
            rows.Add(stager.Records - before);
            RequireRows(slice, stager.Records - before);
            progress(slice.End - slice.Start);
        }

        stager.Flush();
        target.Complete();
        return new StagedRecords(rows, stager.Records - skipped.Count, stager.LongestRecord);
    }

    public void PlainLines(ReadOnlySpan<byte> text, long offset)
    {
        if (_transcoder is null && _skipped.Count == 0)
        {
            Flush();
            _target.Append(text);
            Records += text.Count((byte)'\n');
            LongestRecord = Math.Max(LongestRecord, text.Length);
            return;
        }

        while (!text.IsEmpty)
        {
            var length = text.IndexOf((byte)'\n');
            Record(text[..(length + 1)], length, offset);
            text = text[(length + 1)..];
        }
    }

    public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
    {
        LongestRecord = Math.Max(LongestRecord, contentLength);
        if (_skipped.Contains(Records++))
        {
            return;
        }

        if (_transcoder is null)
        {
            _pending.AddRange(raw[..contentLength]);
        }
        else
        {
            _transcoder.Append(raw[..contentLength], _pending);
        }

        _pending.Add((byte)'\n');
        if (_pending.Count >= WriteBytes)
        {
            Flush();
        }
    }

    public void Blank(ReadOnlySpan<byte> raw, long offset)
    {
    }

    /// <summary>Refuses a slice that does not hold the records that planning counted.</summary>
    /// <exception cref="EngineException">It holds fewer or more.</exception>
    public static void RequireRows(FileSlice slice, long rows)
    {
        if (slice.Rows is { } planned && planned != rows)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable,
                $"{slice.File.Stamp.Path} bytes {slice.Start} to {slice.End} hold {rows} records where planning counted {planned}. "
                + "The file changed; submit the job again.");
        }
    }

    private void Flush()
    {
        if (_pending.Count > 0)
        {
            _target.Append(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending));
            _pending.Clear();
        }
    }
}

/// <summary>What was staged.</summary>
/// <param name="RowsPerSlice">Records of each slice, skipped ones included.</param>
/// <param name="Rows">Records in the staging file.</param>
/// <param name="LongestRecord">An upper bound for the bytes of the longest record.</param>
internal sealed record StagedRecords(IReadOnlyList<long> RowsPerSlice, long Rows, int LongestRecord);
