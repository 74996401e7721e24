using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Sources;

/// <summary>
/// JSON documents as one value a line: the elements of an array, one object, or several after each other. Each value is written
/// again without the spaces between its parts, as only then a line is a record; strings and numbers stay as they are, to the
/// byte.
/// </summary>
internal sealed class JsonLines(string path, Stream source) : ForwardStream
{
    private const int FirstBytes = 256 << 10;
    private static readonly JsonReaderOptions Options = new()
    {
        AllowMultipleValues = true, MaxDepth = Json.JsonRecords.MaxDepth,
    };

    private readonly MemoryStream _lines = new();
    private byte[] _text = new byte[FirstBytes];
    private int _held;
    private int _sent;
    private long _consumed;
    private bool _begun;
    private bool _ended;
    private bool _inArray;
    private bool _needsComma;
    private bool _hasTokens;
    private Queue<(long Line, long Offset)>? _starts;
    private long _line = 1;
    private int _counted;
    private JsonReaderState _state = new(Options);

    /// <summary>From now on, notes where each record begins in the document.</summary>
    public void NoteStarts() => _starts = [];

    /// <summary>Line and byte of the next record that was read, in order; the byte counts from 0.</summary>
    public (long Line, long Offset) TakeStart() => _starts!.Dequeue();

    public override int Read(Span<byte> buffer)
    {
        while (_sent == _lines.Length && !_ended)
        {
            _lines.SetLength(0);
            _sent = 0;
            Advance();
        }

        var count = (int)Math.Min(buffer.Length, _lines.Length - _sent);
        _lines.GetBuffer().AsSpan(_sent, count).CopyTo(buffer);
        _sent += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Advance()
    {
        if (_held == _text.Length)
        {
            Grow();
        }

        var read = source.Read(_text.AsSpan(_held));
        _held += read;
        _ended = read == 0;
        if (!_begun && (_held >= 3 || _ended))
        {
            SkipMark();
        }

        if (_begun)
        {
            Cut();
        }
    }

    private void SkipMark()
    {
        _begun = true;
        if (_text.AsSpan(0, _held).StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
        {
            Drop(3);
        }
    }

    private void Cut()
    {
        if (!_hasTokens && _text.AsSpan(0, _held).Trim(" \t\r\n"u8).IsEmpty)
        {
            return; // Blank so far; a document of nothing else has no values, and is no error.
        }

        var reader = new Utf8JsonReader(_text.AsSpan(0, _held), _ended, _state);
        try
        {
            while (reader.Read())
            {
                Write(ref reader);
            }
        }
        catch (JsonException e)
        {
            throw new EngineException(
                FailureKind.BadData, $"{path}, line {e.LineNumber + 1}, byte {_consumed + reader.BytesConsumed}: "
                + (Json.JsonDepth.IsExceeded(_text.AsSpan(0, _held), reader)
                    ? $"this {Json.JsonDepth.Fault}."
                    : $"this is not JSON: {e.Message}"),
                ProblemCode.DatasetNotReadable.Word, e);
        }

        _state = reader.CurrentState;
        Drop((int)reader.BytesConsumed);
    }

    private void Write(ref Utf8JsonReader reader)
    {
        if (reader.CurrentDepth == 0 && reader.TokenType is JsonTokenType.StartArray or JsonTokenType.EndArray)
        {
            _hasTokens = true;
            _inArray = reader.TokenType == JsonTokenType.StartArray;
            return;
        }

        _hasTokens = true;
        var isEnd = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
        if (_starts is not null && !isEnd && reader.CurrentDepth == (_inArray ? 1 : 0))
        {
            NoteStart((int)reader.TokenStartIndex);
        }

        if (_needsComma && !isEnd)
        {
            _lines.WriteByte((byte)',');
        }

        WriteToken(ref reader);
        _needsComma = reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.StartObject
            or JsonTokenType.StartArray);
        if (_needsComma && reader.CurrentDepth == (_inArray ? 1 : 0))
        {
            _lines.WriteByte((byte)'\n');
            _needsComma = false;
        }
    }

    private void WriteToken(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                WriteQuoted(reader.ValueSpan);
                _lines.WriteByte((byte)':');
                break;
            case JsonTokenType.String:
                WriteQuoted(reader.ValueSpan);
                break;
            default:
                _lines.Write(reader.ValueSpan);
                break;
        }
    }

    private void WriteQuoted(ReadOnlySpan<byte> escaped)
    {
        _lines.WriteByte((byte)'"');
        _lines.Write(escaped);
        _lines.WriteByte((byte)'"');
    }

    private void NoteStart(int at)
    {
        _line += LineCounter.Count(_text.AsSpan(_counted, at - _counted));
        _counted = at;
        _starts!.Enqueue((_line, _consumed + at));
    }

    private void Drop(int bytes)
    {
        _line += LineCounter.Count(_text.AsSpan(_counted, bytes - _counted));
        _counted = 0;
        _text.AsSpan(bytes, _held - bytes).CopyTo(_text);
        _held -= bytes;
        _consumed += bytes;
    }

    private void Grow()
    {
        if (_text.Length >= RecordPump.MaxRecordBytes)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{path}, byte {_consumed}: a single text or number is longer than {RecordPump.MaxRecordBytes >> 20} MiB.",
                ProblemCode.DatasetNotReadable.Word);
        }

        Array.Resize(ref _text, _text.Length * 2);
    }
}
