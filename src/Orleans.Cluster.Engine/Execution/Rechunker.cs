using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Inflates streams and cuts them at record starts into plain pieces that tasks can read at the same time.</summary>
internal static class Rechunker
{
    private const long DefaultBytes = 100L << 20;

    public static TaskManifest Run(TaskSpec task, IProgress<TaskProgress>? progress, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var scan = task.Inputs.Single().Scan ?? throw new ArgumentException("A re-chunk task reads a dataset.");
        var pieces = new Pieces(task.AttemptFolder, task.Output.FileBytes ?? DefaultBytes, task.IsDurable);
        long bytesDone = 0;
        for (var i = 0; i < scan.Slices.Count; i++)
        {
            var slice = scan.Slices[i];
            SourceStreams.CheckStamp(slice.File.Stamp);
            pieces.Enter(i, slice);
            using var stream = SourceStreams.OpenRecords(slice, scan.Format);
            var before = pieces.Rows;
            RecordPump.Pump(
                new ProgressStream(stream, slice, bytesDone, pieces, progress), new RecordSplitter(scan.DialectOf(slice.File)),
                pieces, cancellationToken);
            RecordStager.RequireRows(slice, pieces.Rows - before);
            bytesDone += slice.End - slice.Start;
        }

        var files = pieces.Finish();
        return new TaskManifest
        {
            RowsIn = files.Sum(file => file.Rows),
            BytesIn = bytesDone,
            RowsOut = files.Sum(file => file.Rows),
            Files = files,
            Columns = scan.Columns,
            Cost = new TaskCost(0, Environment.WorkingSet, 0, watch.Elapsed.TotalSeconds),
        };
    }

    // Tells how far the source is from how much of its text went by.
    private sealed class ProgressStream(
        Stream inner, FileSlice slice, long bytesBefore, Pieces pieces, IProgress<TaskProgress>? progress) : ForwardStream
    {
        private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

        private readonly double _stored = slice.Inflated is null && slice.File.UncompressedBytes > slice.End - slice.Start
            ? (slice.End - slice.Start) / (double)slice.File.UncompressedBytes
            : 1;

        private long _text;
        private long _last = Stopwatch.GetTimestamp();

        public override int Read(Span<byte> buffer)
        {
            var read = inner.Read(buffer);
            _text += read;
            if (Stopwatch.GetElapsedTime(_last) >= Period)
            {
                _last = Stopwatch.GetTimestamp();
                progress?.Report(
                    new TaskProgress(
                        bytesBefore + Math.Min(slice.End - slice.Start, (long)(_text * _stored)), pieces.Rows, pieces.Bytes));
            }

            return read;
        }
    }

    private sealed class Pieces(string folder, long pieceBytes, bool isDurable) : IRecordSink
    {
        private readonly List<ArtifactFile> _files = [];
        private FileStream? _file;
        private IncrementalHash? _hash;
        private int _slice;
        private long _base;
        private long _start;
        private long _startLine;
        private long _line;
        private long _rows;

        public void Enter(int number, FileSlice slice)
        {
            Close();
            _slice = number;
            _base = slice.Inflated?.Start
                ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
            _line = slice.FirstLine;
        }

        /// <summary>Records so far.</summary>
        public long Rows { get; private set; }

        /// <summary>Bytes written so far.</summary>
        public long Bytes { get; private set; }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            while (!text.IsEmpty)
            {
                var room = (int)Math.Clamp(pieceBytes - (_file?.Position ?? 0), 0, text.Length);
                var fits = text[..room].LastIndexOf((byte)'\n') + 1;
                var length = fits > 0 ? fits : text.IndexOf((byte)'\n') + 1;
                var lines = text[..length].Count((byte)'\n');
                Write(text[..length], offset, lines);
                _line += lines;
                offset += length;
                text = text[length..];
            }
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            Write(raw, offset, 1);
            _line += LineCounter.Count(raw);
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => _line += LineCounter.Count(raw);

        public List<ArtifactFile> Finish()
        {
            Close();
            return _files;
        }

        private void Write(ReadOnlySpan<byte> text, long offset, long rows)
        {
            if (_file is not null && _file.Position + text.Length > pieceBytes)
            {
                Close();
            }

            if (_file is null)
            {
                _file = new FileStream(
                    Path.Combine(folder, Name(_files.Count)), FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 20);
                _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                (_start, _startLine, _rows) = (_base + offset, _line, 0);
            }

            _file.Write(text);
            _hash!.AppendData(text);
            _rows += rows;
            Rows += rows;
            Bytes += text.Length;
        }

        private void Close()
        {
            if (_file is null)
            {
                return;
            }

            _file.Flush(flushToDisk: isDurable);
            _files.Add(new ArtifactFile(
                Name(_files.Count), _files.Count, _rows, _file.Position, Convert.ToHexStringLower(_hash!.GetHashAndReset()),
                _start, _startLine, _slice));
            _file.Dispose();
            _hash.Dispose();
            (_file, _hash) = (null, null);
        }

        private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"c{number:00000}");
    }
}
