using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Execution;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Inflates streams and cuts them at record starts into plain pieces that tasks can read at the same time.</summary>
internal static class Rechunker
{
    private const long DefaultBytes = 100L << 20;

    public static TaskManifest Run(TaskSpec task, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var scan = task.Inputs.Single().Scan ?? throw new ArgumentException("A re-chunk task reads a dataset.");
        var pieces = new Pieces(task.AttemptFolder, task.Output.FileBytes ?? DefaultBytes);
        for (var i = 0; i < scan.Slices.Count; i++)
        {
            var slice = scan.Slices[i];
            SourceStreams.CheckStamp(slice.File.Stamp);
            pieces.Enter(i, slice);
            using var stream = SourceStreams.OpenRecords(slice, scan.Format);
            RecordPump.Pump(stream, new RecordSplitter(scan.Dialect), pieces, cancellationToken);
        }

        var files = pieces.Finish();
        Posix.SyncFolder(task.AttemptFolder);
        return new TaskManifest
        {
            RowsIn = files.Sum(file => file.Rows),
            BytesIn = scan.Slices.Sum(slice => slice.File.Stamp.Bytes),
            RowsOut = files.Sum(file => file.Rows),
            Files = files,
            Columns = scan.Columns,
            Cost = new TaskCost(0, Environment.WorkingSet, 0, watch.Elapsed.TotalSeconds),
        };
    }

    private sealed class Pieces(string folder, long pieceBytes) : IRecordSink
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
            _base = slice.Inflated?.Start ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
            _line = slice.FirstLine;
        }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            Write(text, offset, text.Count((byte)'\n'));
            _line += text.Count((byte)'\n');
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
                _file = new FileStream(Path.Combine(folder, Name(_files.Count)), FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 20);
                _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                (_start, _startLine, _rows) = (_base + offset, _line, 0);
            }

            _file.Write(text);
            _hash!.AppendData(text);
            _rows += rows;
        }

        private void Close()
        {
            if (_file is null)
            {
                return;
            }

            _file.Flush(flushToDisk: true);
            _files.Add(new ArtifactFile(
                Name(_files.Count), _files.Count, _rows, _file.Position, Convert.ToHexStringLower(_hash!.GetHashAndReset()), _start, _startLine, _slice));
            _file.Dispose();
            _hash.Dispose();
            (_file, _hash) = (null, null);
        }

        private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"c{number:00000}");
    }
}
