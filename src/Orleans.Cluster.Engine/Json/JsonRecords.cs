using System.Buffers;
using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.Json;

/// <summary>
/// Reads JSON records before the engine does: it would take NaN, a trailing comma or a key twice, pass over a key that no column
/// has, and cut a number or a time to its type, all without a word. Where a key has another name as a column, the record is
/// written anew.
/// </summary>
/// <param name="shape">What records must look like.</param>
/// <param name="unknownKeys">What a key means that no column has.</param>
/// <param name="isWritten">
/// Whether each record is written anew, with a null for each field of an object that is not there.
/// </param>
internal sealed class JsonRecords(JsonShape shape, UnknownKeys unknownKeys, bool isWritten = false)
{
    /// <summary>Objects and lists inside each other; deeper ones are refused.</summary>
    public const int MaxDepth = 512;

    /// <summary>
    /// Digits of a number that is a whole record; the engine's reader breaks at a longer one, unless an object or list is around
    /// it.
    /// </summary>
    public const int MostBareDigits = 18;

    // What a double keeps of a decimal.
    private const int ExactDigits = 15;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private readonly ArrayBufferWriter<byte> _out = new();
    private JsonFault? _fault;
    private long _objects;

    /// <summary>Whether <see cref="Written"/> stands for the record, instead of its own text.</summary>
    public bool Rewrites => isWritten || shape.Rewrites;

    /// <summary>The last record as the engine shall read it.</summary>
    public ReadOnlySpan<byte> Written => _out.WrittenSpan;

    /// <summary>Reads a record; answers why it does not fit, or null.</summary>
    public JsonFault? Read(ReadOnlySpan<byte> record)
    {
        _out.ResetWrittenCount();
        _fault = null;
        var reader = new Utf8JsonReader(record, Options);
        try
        {
            reader.Read();
            if (shape.Kind == JsonShapeKind.Object && reader.TokenType != JsonTokenType.StartObject)
            {
                return new JsonFault(null, null, null, "The line is not a JSON object.");
            }

            // A decimal is written as a text, which has no such bound.
            var isBare = reader.TokenType == JsonTokenType.Number && !(isWritten && shape.Kind == JsonShapeKind.Decimal);
            if (isBare && reader.ValueSpan.TrimStart((byte)'-').Length > MostBareDigits)
            {
                return new JsonFault(
                    null, null, null,
                    $"A number of more than {MostBareDigits} digits cannot be a record of its own; put it into an object.");
            }

            if (Value(ref reader, shape, record))
            {
                // Nothing may follow; the reader throws if something does.
                reader.Read();
            }

            return _fault;
        }
        catch (JsonException e)
        {
            return new JsonFault(null, null, null, JsonDepth.IsExceeded(record, reader)
                ? $"The line {JsonDepth.Fault}."
                : $"The line is not valid JSON: unexpected text at byte {e.BytePositionInLine} of the line.");
        }
        catch (InvalidOperationException)
        {
            return new JsonFault(null, null, null, "The line has a text that is not valid Unicode.");
        }
    }

    private bool Value(ref Utf8JsonReader reader, JsonShape value, ReadOnlySpan<byte> record)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject when value.Kind is JsonShapeKind.Object or JsonShapeKind.Keys:
                return Object(ref reader, value, record);
            case JsonTokenType.StartObject when value.Kind is JsonShapeKind.Map:
                return Map(ref reader, value, record);
            case JsonTokenType.StartArray when value.Kind is JsonShapeKind.List or JsonShapeKind.Keys:
                return List(ref reader, value, record);
            case JsonTokenType.StartObject or JsonTokenType.StartArray:
                var start = (int)reader.TokenStartIndex;
                for (var depth = reader.CurrentDepth; reader.Read() && reader.CurrentDepth > depth;)
                {
                    if (reader.TokenType == JsonTokenType.Number && !Keeps(reader.ValueSpan, value))
                    {
                        return false;
                    }
                }

                Write(record[start..(int)reader.BytesConsumed]);
                return true;
            default:
                return Scalar(ref reader, value, record);
        }
    }

    private bool Object(ref Utf8JsonReader reader, JsonShape value, ReadOnlySpan<byte> record)
    {
        var number = ++_objects;
        var (next, first) = (0, true);
        Write("{"u8);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Field(ref reader, value, ref next) is not { } field)
            {
                if (_fault is not null)
                {
                    return false;
                }

                reader.Read();
                reader.Skip();
                continue;
            }

            if (field.SeenIn == number)
            {
                _fault = new JsonFault(field.Path, null, null, "The object has the key twice.");
                return false;
            }

            field.SeenIn = number;
            Write(first ? default : ","u8);
            Write(field.Name);
            Write(":"u8);
            first = false;
            reader.Read();
            if (!Value(ref reader, field, record))
            {
                return false;
            }
        }

        WriteMissing(value, number, first);
        Write("}"u8);
        return true;
    }

    private void WriteMissing(JsonShape value, long number, bool first)
    {
        for (var i = 0; isWritten && i < value.Fields.Count; i++)
        {
            if (value.Fields[i].SeenIn != number)
            {
                Write(first ? default : ","u8);
                Write(value.Fields[i].Name);
                Write(":null"u8);
                first = false;
            }
        }
    }

    // Null with a fault, or for a key that is passed over.
    private JsonShape? Field(ref Utf8JsonReader reader, JsonShape value, ref int next)
    {
        var found = reader.ValueIsEscaped
            ? value.Find(Encoding.UTF8.GetBytes(reader.GetString()!), ref next)
            : value.Find(reader.ValueSpan, ref next);
        if (found is null && unknownKeys != UnknownKeys.Ignore)
        {
            var key = reader.GetString()!;
            var path = value.Path.Length == 0 ? key : $"{value.Path}.{key}";
            var declare = value.Path.Length == 0
                ? $"Declare '{key}' in options.columns"
                : $"Declare '{value.Path.Split('.')[0]}' with this field in options.columns";
            _fault = new JsonFault(
                path, null, null,
                $"No column was planned for this key, since the sample does not have it. {declare}, or set options.unknownKeys "
                + "to IGNORE.",
                IsUnknownKey: true);
        }

        return found;
    }

    private bool Map(ref Utf8JsonReader reader, JsonShape value, ReadOnlySpan<byte> record)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        Write("{"u8);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!keys.Add(reader.GetString()!))
            {
                _fault = new JsonFault($"{value.Path}.{reader.GetString()}", null, null, "The object has the key twice.");
                return false;
            }

            Write(keys.Count == 1 ? default : ","u8);
            Write(record[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]);
            if (record[(int)reader.BytesConsumed - 1] != (byte)':')
            {
                Write(":"u8);
            }

            reader.Read();
            if (!Value(ref reader, value.Item!, record))
            {
                return false;
            }
        }

        Write("}"u8);
        return true;
    }

    private bool List(ref Utf8JsonReader reader, JsonShape value, ReadOnlySpan<byte> record)
    {
        var first = true;
        Write("["u8);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Write(first ? default : ","u8);
            first = false;
            if (!Value(ref reader, value.Item ?? value, record))
            {
                return false;
            }
        }

        Write("]"u8);
        return true;
    }

    private bool Scalar(ref Utf8JsonReader reader, JsonShape value, ReadOnlySpan<byte> record)
    {
        var raw = record[(int)reader.TokenStartIndex..(int)reader.BytesConsumed];
        var isNumber = reader.TokenType == JsonTokenType.Number;
        if (isNumber && value.Kind == JsonShapeKind.Any && !Keeps(raw, value))
        {
            return false;
        }

        if (isNumber || reader.TokenType == JsonTokenType.String)
        {
            var text = isNumber ? raw : reader.ValueSpan;
            if (JsonScalars.Loss(text, value) is { } reason)
            {
                _fault = new JsonFault(value.Path, Encoding.UTF8.GetString(text), value.Type, reason);
                return false;
            }
        }

        // The engine reads a longer number as a double first; as a text it keeps its digits.
        var asText = isNumber && value.Kind == JsonShapeKind.Decimal && raw.Length > ExactDigits;
        Write(asText ? "\""u8 : default);
        Write(raw);
        Write(asText ? "\""u8 : default);
        return true;
    }

    // Where no type says what a number is, the engine keeps whole numbers to the digit and all others as doubles.
    private bool Keeps(ReadOnlySpan<byte> number, JsonShape value)
    {
        if (!JsonScalars.IsBeyondDouble(number))
        {
            return true;
        }

        _fault = new JsonFault(
            value.Path, Encoding.UTF8.GetString(number), null,
            $"A decimal number of more than {JsonScalars.DoubleDigits} digits loses some where its type is {value.Type}. "
            + "Declare it as DECIMAL in options.columns.");
        return false;
    }

    private void Write(ReadOnlySpan<byte> text)
    {
        if (Rewrites)
        {
            _out.Write(text);
        }
    }
}
