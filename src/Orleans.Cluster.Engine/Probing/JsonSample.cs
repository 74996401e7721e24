using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Json;
using Orleans.Cluster.Engine.Sources;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Sample records of all files of a dataset: those that are JSON, under the names that their keys get.</summary>
internal sealed class JsonSample : IDisposable
{
    private readonly StagingFile _records = StagingFile.Create(Path.GetTempPath(), inMemory: false);
    private readonly List<byte> _transcoded = [];
    private string _path = "";
    private string? _firstFault;
    private long _count;
    private long _others;

    /// <summary>What was seen.</summary>
    public JsonKeyTree Keys { get; } = new();

    /// <summary>Whether records are values of one column: a tenth of them at least are no objects. Fewer are bad rows.</summary>
    public bool IsWhole => _others * 10 >= Math.Max(1, _count);

    /// <summary>The file that follows.</summary>
    public void Enter(string path) => _path = path;

    /// <summary>
    /// Adds the records of whole lines. A line that is no JSON, such as the last one of a file that is still written, is for the
    /// task that reads it to name.
    /// </summary>
    /// <param name="text">Lines.</param>
    /// <param name="encoding">Null for UTF-8.</param>
    /// <param name="firstLine">Number of the first of them, where it is known.</param>
    public void Add(ReadOnlySpan<byte> text, SingleByteText? encoding, long? firstLine)
    {
        for (var line = firstLine ?? 0; !text.IsEmpty; line++)
        {
            var end = text.IndexOfAny((byte)'\n', (byte)'\r');
            var record = (end < 0 ? text : text[..end]).Trim(" \t"u8);
            var isPair = end >= 0 && text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n';
            text = end < 0 ? default : text[(end + (isPair ? 2 : 1))..];
            if (!record.IsEmpty)
            {
                AddRecord(record, encoding, firstLine is null ? null : line);
            }
        }
    }

    /// <summary>The records, under their keys' names.</summary>
    /// <exception cref="EngineException">No line is JSON, or a key is no name.</exception>
    public StagingFile Complete()
    {
        if (_count == 0 && _firstFault is not null)
        {
            throw Unreadable(_firstFault);
        }

        if (IsWhole && Keys.HasLongNumbers)
        {
            throw Unreadable(
                $"{_path}: a number of more than {JsonRecords.MostBareDigits} digits cannot be a record of its own. Put the "
                + "values into objects.");
        }

        Keys.AssignNames();
        _records.Complete();
        var renamed = StagingFile.Create(Path.GetTempPath(), inMemory: false);
        var records = new JsonRecords(JsonShape.OfKeys(Keys), UnknownKeys.Ignore);
        ReadOnlySpan<byte> text = File.ReadAllBytes(_records.Path).AsSpan(0, (int)_records.Length);
        while (!text.IsEmpty)
        {
            var end = text.IndexOf((byte)'\n');
            var record = text[..end];
            text = text[(end + 1)..];
            if (!IsWhole && record[0] != (byte)'{')
            {
                continue;
            }

            if (records.Rewrites && records.Read(record) is null)
            {
                record = records.Written;
            }

            renamed.Append(record);
            renamed.Append("\n"u8);
        }

        renamed.Complete();
        return renamed;
    }

    public void Dispose() => _records.Dispose();

    private void AddRecord(ReadOnlySpan<byte> record, SingleByteText? encoding, long? line)
    {
        if (encoding is not null)
        {
            _transcoded.Clear();
            encoding.Append(record, _transcoded);
            record = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_transcoded);
        }

        if (Keys.Add(record) is { } fault)
        {
            _firstFault ??= $"{_path}{(line is null ? "" : $", line {line}")} {fault}.";
            return;
        }

        if (Keys.Count > DatasetProber.MaxColumns)
        {
            throw Unreadable(
                $"{_path}{(line is null ? "" : $", line {line}")}: the records up to here have more than "
                + $"{DatasetProber.MaxColumns} different keys; a table has {DatasetProber.MaxColumns} columns at most. Put "
                + "values under changing keys into one object below a key of its own.");
        }

        if (Keys.NulKey is { } key)
        {
            throw Unreadable(
                $"{_path}{(line is null ? "" : $", line {line}")}: the key '"
                + $"{key.Replace("\0", "\\u0000", StringComparison.Ordinal)}' has a NUL character, which no column's name can "
                + "have.");
        }

        _count++;
        _others += record[0] == (byte)'{' ? 0 : 1;
        _records.Append(record);
        _records.Append("\n"u8);
    }

    private static EngineException Unreadable(string message) =>
        new(FailureKind.BadData, message, ProblemCode.DatasetNotReadable.Word);
}
