using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Records that staging found not to fit, with their places in the sources.</summary>
internal static class RefusedRecords
{
    /// <summary>All of them, in order; none for most tasks.</summary>
    /// <exception cref="EngineException">
    /// <c>schema-conflict</c>: one has a key that no column has, and the dataset wants to hear of it.
    /// </exception>
    public static IReadOnlyList<StagedBadRow> Find(TaskInputs inputs, CancellationToken cancellationToken)
    {
        var found = new List<StagedBadRow>();
        foreach (var table in inputs.StagedTables.Where(table => table.Staged.Refused.Count > 0))
        {
            var locator = new Locator(table);
            var splitter = new RecordSplitter(null);
            foreach (var slice in table.Slices)
            {
                using var stream = SourceStreams.OpenRecords(slice, table.Scan.Format);
                locator.Enter(slice, stream as JsonLines);
                RecordPump.Pump(stream, splitter, locator, cancellationToken);
            }

            found.AddRange(locator.Found);
            if (table.Scan.Json?.UnknownKeys == UnknownKeys.Conflict && locator.FirstConflict is { } conflict)
            {
                throw new EngineException(
                    new AttemptFailure(FailureKind.BadData, conflict.Describe(), ProblemCode.SchemaConflict.Word));
            }
        }

        return found;
    }

    private sealed class Locator(StagedTable table) : IRecordSink
    {
        private readonly Dictionary<long, JsonFault> _faults = table.Staged.Refused.ToDictionary(
            refused => refused.Record, refused => refused.Fault);
        private FileSlice _slice = table.Slices[0];
        private JsonLines? _document;
        private long _base;
        private long _line;
        private long _record;

        public List<StagedBadRow> Found { get; } = [];

        public BadRow? FirstConflict { get; private set; }

        public void Enter(FileSlice slice, JsonLines? document)
        {
            (_slice, _document, _line) = (slice, document, slice.FirstLine);
            document?.NoteStarts();
            _base = slice.OriginPath is not null ? slice.OriginOffset
                : slice.Inflated?.Start
                ?? (slice.File.Compression == SourceCompression.None ? slice.Start : slice.File.DataStart);
        }

        public void PlainLines(ReadOnlySpan<byte> text, long offset)
        {
            while (!text.IsEmpty)
            {
                var end = text.IndexOf((byte)'\n');
                Record(text[..(end + 1)], end, offset);
                offset += end + 1;
                text = text[(end + 1)..];
            }
        }

        public void Record(ReadOnlySpan<byte> raw, int contentLength, long offset)
        {
            // Of a document, where the value begins in it; its text here is one that is written line by line.
            var (line, at) = _document?.TakeStart() ?? (_line, _base + offset);
            if (_faults.TryGetValue(_record, out var fault))
            {
                var bad = new BadRow(
                    _slice.OriginPath
                    ?? _slice.File.Stamp.Path, line, at, fault.Column, fault.Value, fault.Expected, fault.Reason,
                    System.Text.Encoding.UTF8.GetString(raw[..contentLength]));
                Found.Add(new StagedBadRow(table, _record, bad));
                FirstConflict ??= fault.IsUnknownKey ? bad : null;
            }

            _record++;
            _line += LineCounter.Count(raw);
        }

        public void Blank(ReadOnlySpan<byte> raw, long offset) => _line += LineCounter.Count(raw);
    }
}
