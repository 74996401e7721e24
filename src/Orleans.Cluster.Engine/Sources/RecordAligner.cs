using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>Moves wanted cuts to record starts and counts what lies between, in one pass at memory speed.</summary>
internal static class RecordAligner
{
    /// <summary>Ranges of whole records that together cover the file from its first record to its end.</summary>
    public static IReadOnlyList<AlignedRange> Align(AlignRequest request, CancellationToken cancellationToken)
    {
        SourceStreams.CheckStamp(request.File.Stamp);
        return request.File.Compression == SourceCompression.Bgzf
            ? AlignBlocks(request, cancellationToken)
            : AlignPlain(request, cancellationToken);
    }

    private static IReadOnlyList<AlignedRange> AlignPlain(AlignRequest request, CancellationToken cancellationToken)
    {
        var file = request.File;
        var end = request.End ?? file.Stamp.Bytes;
        var sink = new CutSink(request.Cuts, file.DataStart, file.FirstLine);
        var whole = new FileSlice { File = file, Start = file.DataStart, End = end };
        using var stream = SourceStreams.OpenRecords(whole, SourceFormat.Auto);
        RecordPump.Pump(stream, new RecordSplitter(request.Dialect), sink, cancellationToken);
        return sink.Finish(end);
    }

    // The cuts move to starts of blocks, then in the text from there to starts of records. Whether a block begins inside quotes
    // only its predecessors tell, so all are inflated once; reading then needs none but the range's own.
    private static IReadOnlyList<AlignedRange> AlignBlocks(AlignRequest request, CancellationToken cancellationToken)
    {
        var file = request.File;
        using var handle = SourceStreams.OpenFile(file.Stamp.Path);
        if (BgzfIndex.Read(handle) is not { } index)
        {
            return [new AlignedRange(0, file.Stamp.Bytes, null, file.FirstLine)];
        }

        var cuts = request.Cuts.Select(index.TextStartAt).Where(cut => cut > file.DataStart).Distinct().ToList();
        var sink = new CutSink(cuts, file.DataStart, file.FirstLine);
        using var stream = SourceStreams.OpenText(file);
        RecordPump.Pump(stream, new RecordSplitter(request.Dialect), sink, cancellationToken);
        return
        [
            .. sink.Finish(index.TextBytes).Select(range =>
            {
                var first = index.BlockOf(range.Start);
                return range with
                {
                    Start = first.Offset,
                    End = range.End == index.TextBytes ? file.Stamp.Bytes : index.BlockOf(range.End).Offset,
                    Inflated = new InflatedRange(range.Start - first.TextStart, range.Start, range.End - range.Start),
                };
            }),
        ];
    }

    private sealed class CutSink(IReadOnlyList<long> cuts, long origin, long firstLine) : IRecordSink
    {
        private readonly long _origin = origin;
        private readonly List<AlignedRange> _ranges = [];
        private long _start = origin;
        private long _startLine = firstLine;
        private long _line = firstLine;
        private long _rows;
        private int _nextCut;

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            offset += _origin;
            while (_nextCut < cuts.Count && cuts[_nextCut] < offset + text.Length)
            {
                // The first record that starts at or behind the cut: behind the first LF at or behind the byte before it.
                var from = (int)Math.Max(cuts[_nextCut] - offset, 0);
                var length = from == 0 ? 0 : from - 1 + text[(from - 1)..].IndexOf((byte)'\n') + 1;
                Count(text[..length]);
                offset += length;
                text = text[length..];
                if (text.IsEmpty)
                {
                    return;
                }

                CutAt(offset);
            }

            Count(text);
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            CutAt(offset + _origin);
            _rows++;
            _line += LineCounter.Count(raw);
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => _line += LineCounter.Count(raw);

        public IReadOnlyList<AlignedRange> Finish(long end)
        {
            Close(end);
            return _ranges;
        }

        private void Count(ReadOnlySpan<byte> lines)
        {
            var count = lines.Count((byte)'\n');
            _rows += count;
            _line += count;
        }

        private void CutAt(long recordStart)
        {
            if (_nextCut >= cuts.Count || cuts[_nextCut] > recordStart)
            {
                return;
            }

            while (_nextCut < cuts.Count && cuts[_nextCut] <= recordStart)
            {
                _nextCut++;
            }

            Close(recordStart);
        }

        private void Close(long end)
        {
            if (_rows > 0)
            {
                _ranges.Add(new AlignedRange(_start, end, _rows, _startLine));
            }
            else if (_ranges.Count > 0)
            {
                // Blank lines alone at the end: they belong to the range before.
                _ranges[^1] = _ranges[^1] with { End = end };
            }

            (_start, _startLine, _rows) = (end, _line, 0);
        }
    }
}
