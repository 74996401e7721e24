using System.Text;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Cuts the pieces of a sample into records.</summary>
internal static class SampleRecords
{
    /// <summary>
    /// Records of the head behind what opens the file; the last is left out unless the head ends with the file, since it may be
    /// cut.
    /// </summary>
    public static List<SampleRecord> OfHead(TextSample sample, TextOpening opening, TextDialect dialect, int maxRecords)
    {
        var skip = (int)opening.Bytes;
        var sink = new Collector(Decoder(sample.Encoding), maxRecords) { Base = skip, Line = opening.Lines + 1 };
        using var stream = new MemoryStream(sample.Head, skip, sample.Head.Length - skip);
        RecordPump.Pump(stream, new RecordSplitter(dialect), sink, CancellationToken.None);
        if (!sample.HeadIsWhole && sink.Records.Count > 0 && sink.Records[^1].Next == sample.Head.Length)
        {
            sink.Records.RemoveAt(sink.Records.Count - 1);
        }

        return sink.Records;
    }

    /// <summary>Whole records of a piece from further on, which begins and may end inside of one.</summary>
    public static IReadOnlyList<SampleRecord> OfPiece(byte[] piece, string encoding, TextDialect dialect, int maxRecords)
    {
        var start = Array.IndexOf(piece, (byte)'\n') + 1;
        var end = Array.LastIndexOf(piece, (byte)'\n') + 1;
        if (start == 0 || end <= start)
        {
            return [];
        }

        var sink = new Collector(Decoder(encoding), maxRecords) { Base = start };
        using var stream = new MemoryStream(piece, start, end - start);
        RecordPump.Pump(stream, new RecordSplitter(dialect), sink, CancellationToken.None);
        return sink.Records;
    }

    /// <summary>The decoder of an encoding as a sample holds it: UTF-16 is UTF-8 there.</summary>
    public static Encoding Decoder(string encoding) => encoding switch
    {
        "latin-1" => Encoding.Latin1,
        "windows-1252" => CodePagesEncodingProvider.Instance.GetEncoding(1252)!,
        _ => Encoding.UTF8,
    };

    private sealed class Collector(Encoding encoding, int maxRecords) : IRecordSink
    {
        public List<SampleRecord> Records { get; } = [];

        public long Base { get; set; }

        public long Line { get; set; }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            while (!text.IsEmpty && Records.Count < maxRecords)
            {
                var end = text.IndexOf((byte)'\n');
                Record(text[..(end + 1)], end, offset);
                offset += end + 1;
                text = text[(end + 1)..];
            }
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            var next = Line + LineCounter.Count(raw);
            if (Records.Count < maxRecords)
            {
                Records.Add(new SampleRecord(
                    encoding.GetString(raw[..contentLength]), Base + offset, Base + offset + raw.Length, Line, next));
            }

            Line = next;
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => Line += LineCounter.Count(raw);
    }
}
