using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// Copies records of text slices to a staging file, each ended by one LF, as UTF-8: the one form that the engine reads without
/// traps (it skips rows after a header with CR LF, and refuses mixed line ends).
/// </summary>
internal sealed class RecordStager : IRecordSink
{
    private const int WriteBytes = 256 << 10;

    private readonly StagingFile _target;
    private readonly SingleByteText? _transcoder;
    private readonly IReadOnlySet<long> _skipped;
    private readonly JsonRecords? _json;
    private readonly List<(long Record, JsonFault Fault)> _refused = [];
    private readonly List<byte> _transcoded = [];
    private readonly List<byte> _pending = new(WriteBytes);

    private RecordStager(StagingFile target, SingleByteText? transcoder, IReadOnlySet<long> skipped, JsonRecords? json) =>
        (_target, _transcoder, _skipped, _json) = (target, transcoder, skipped, json);

    /// <summary>Records seen, skipped ones included.</summary>
    private long Records { get; set; }

    private int LongestRecord { get; set; }

    /// <summary>Stages slices one after the other.</summary>
    /// <param name="slices">Slices of text with one layout.</param>
    /// <param name="scan">How they are read.</param>
    /// <param name="target">Empty file.</param>
    /// <param name="skipped">Numbers of records to leave out, from 0 over all slices.</param>
    /// <param name="json">What records of JSON must look like; null for other text.</param>
    /// <param name="progress">Hears of source bytes read.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <exception cref="EngineException">A file changed, or a slice does not hold the records that were counted.</exception>
    public static StagedRecords Stage(
        IReadOnlyList<FileSlice> slices, ScanInput scan, StagingFile target, IReadOnlySet<long> skipped, JsonRecords? json,
        Action<long> progress,
        CancellationToken cancellationToken)
    {
        var splitter = new RecordSplitter(scan.DialectOf(slices[0].File));
        var stager = new RecordStager(target, SingleByteText.For(slices[0].File.Encoding), skipped, json);
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
        return new StagedRecords(
            rows, stager.Records - skipped.Count - stager._refused.Count, stager.LongestRecord, stager._refused);
    }

    public void PlainLines(ReadOnlySpan<byte> text, long offset)
    {
        if (_transcoder is null && _skipped.Count == 0 && _json is null)
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

        if (_json is not null)
        {
            if (!Check(raw[..contentLength]))
            {
                return;
            }
        }
        else if (_transcoder is null)
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

    private bool Check(ReadOnlySpan<byte> record)
    {
        if (_transcoder is not null)
        {
            _transcoded.Clear();
            _transcoder.Append(record, _transcoded);
            record = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_transcoded);
        }

        if (_json!.Read(record) is { } fault)
        {
            _refused.Add((Records - 1, fault));
            return false;
        }

        var text = _json.Rewrites ? _json.Written : record;
        LongestRecord = Math.Max(LongestRecord, text.Length);
        _pending.AddRange(text);
        return true;
    }

    /// <summary>Refuses a slice that does not hold the records that planning counted.</summary>
    /// <exception cref="EngineException">It holds fewer or more.</exception>
    public static void RequireRows(FileSlice slice, long rows)
    {
        if (slice.Rows is { } planned && planned != rows)
        {
            throw new EngineException(
                FailureKind.SourceUnavailable,
                $"{slice.File.Stamp.Path} bytes {slice.Start} to {slice.End} hold {rows} records where planning counted "
                + $"{planned}. "
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
/// <param name="Refused">Records that do not fit and are not in the file, by their numbers over all slices.</param>
internal sealed record StagedRecords(
    IReadOnlyList<long> RowsPerSlice, long Rows, int LongestRecord, IReadOnlyList<(long Record, JsonFault Fault)> Refused);
