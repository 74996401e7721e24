using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Json;

/// <summary>
/// Keys and kinds of values of a sample, at one place: the record itself, a field, or the elements of lists there.
/// </summary>
internal sealed class JsonKeyTree
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = JsonRecords.MaxDepth };
    private static readonly string[] NonFinite = ["NaN", "Infinity", "-Infinity"];

    private readonly Dictionary<string, JsonKeyTree> _byKey = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];
    private Dictionary<string, JsonKeyTree> _byName = [];
    private int _mostDigits;
    private bool _hasFractions;
    private bool _hasNumbers;
    private bool _hasNonFinite;
    private bool _hasTexts;
    private bool _hasLongSeconds;

    /// <summary>The column or field.</summary>
    public string Name { get; private set; } = "";

    /// <summary>Whether a value was no object.</summary>
    public bool HasOthers { get; private set; }

    /// <summary>Whether there was an object.</summary>
    public bool HasObjects { get; private set; }

    /// <summary>Whether a number has more digits than a 64-bit integer.</summary>
    public bool HasLongNumbers => _mostDigits > JsonRecords.MostBareDigits;

    /// <summary>Keys and what is below them, in order of first appearance.</summary>
    public IEnumerable<(string Key, JsonKeyTree Value)> Fields => _keys.Select(key => (key, _byKey[key]));

    /// <summary>Adds a record; answers why it is none, or null.</summary>
    public string? Add(ReadOnlySpan<byte> record)
    {
        var reader = new Utf8JsonReader(record, Options);
        try
        {
            while (reader.Read())
            {
            }
        }
        catch (JsonException e)
        {
            return JsonDepth.IsExceeded(record, reader)
                ? JsonDepth.Fault
                : $"is not valid JSON: unexpected text at byte {e.BytePositionInLine} of the line";
        }

        reader = new Utf8JsonReader(record, Options);
        reader.Read();
        try
        {
            var nul = NulKey;
            AddValue(ref reader, ref nul);
            NulKey = nul;
            return null;
        }
        catch (InvalidOperationException)
        {
            return "is not valid Unicode";
        }
    }

    /// <summary>
    /// Of the whole tree the first key with a character that no name can have; null when there is none. Noted when a key comes:
    /// there may be as many keys as records.
    /// </summary>
    public string? NulKey { get; private set; }

    /// <summary>Keys at this place.</summary>
    public int Count => _keys.Count;

    /// <summary>Gives each key a name that no other key beside it has, whatever the case.</summary>
    public void AssignNames()
    {
        var single = _keys.GroupBy(key => key, StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() == 1 && !string.IsNullOrWhiteSpace(group.Key))
            .Select(group => group.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var free = new FreeNames(single);
        for (var i = 0; i < _keys.Count; i++)
        {
            var value = _byKey[_keys[i]];
            var wanted = string.IsNullOrWhiteSpace(_keys[i]) ? $"column{i}" : _keys[i];
            value.Name = single.Contains(_keys[i]) ? wanted : free.Take(wanted);
            value.AssignNames();
        }

        _byName = _byKey.Values.ToDictionary(value => value.Name, StringComparer.Ordinal);
    }

    /// <summary>Keys with another name, or with such below them, as far as a type has them as fields.</summary>
    public IReadOnlyList<JsonKey> Renamed() =>
        [.. from field in Fields
            let below = field.Value.Renamed()
            where field.Key != field.Value.Name || below.Count > 0
            select new JsonKey(field.Key, field.Value.Name, below)];

    /// <summary>The type that the engine found, mended where it would lose something.</summary>
    public string Mend(string type)
    {
        var found = ColumnType.Parse(type);
        var mended = Mend(found);
        return mended == found ? type : $"{mended}";
    }

    private ColumnType Mend(ColumnType type)
    {
        switch (type.Kind)
        {
            case ColumnTypeKind.Struct:
                return WithParts(
                    type, [.. type.Parts.Select(part => part with { Type = Below(part.Name)?.Mend(part.Type) ?? part.Type })]);
            case ColumnTypeKind.List or ColumnTypeKind.Array:
                return WithParts(type, [type.Parts[0] with { Type = Mend(type.Last) }]);
            case ColumnTypeKind.Map:
                // Its values have one shape, under whatever key: names that differ by the key cannot be.
                return Renamed().Count > 0 ? ColumnType.Scalar("JSON") : type;
            default:
                return MendScalar(type.Name) is var name && name == type.Name ? type : ColumnType.Scalar(name);
        }
    }

    // The same where nothing changed.
    private static ColumnType WithParts(ColumnType type, IReadOnlyList<ColumnTypePart> parts) =>
        parts.SequenceEqual(type.Parts) ? type : type with { Parts = parts };

    private string MendScalar(string type)
    {
        if (type is "JSON" or "VARCHAR" && _hasNumbers && _hasNonFinite && !_hasTexts && !HasObjects)
        {
            return "DOUBLE";
        }

        if (type == "DOUBLE" && _hasNumbers && !_hasFractions && !_hasNonFinite)
        {
            return _mostDigits <= 38 ? "HUGEINT" : "VARCHAR";
        }

        return _hasLongSeconds && type.StartsWith("TIME", StringComparison.Ordinal) ? "VARCHAR" : type;
    }

    private JsonKeyTree? Below(string name) => _byName.GetValueOrDefault(name);

    private void AddValue(ref Utf8JsonReader reader, ref string? nul)
    {
        HasOthers |= reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                HasObjects = true;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var field = Field(reader.GetString()!, ref nul);
                    reader.Read();
                    field.AddValue(ref reader, ref nul);
                }

                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    AddValue(ref reader, ref nul);
                }

                break;
            case JsonTokenType.Number:
                AddNumber(reader.ValueSpan);
                break;
            case JsonTokenType.String:
                AddText(reader.ValueSpan);
                break;
        }
    }

    private JsonKeyTree Field(string key, ref string? nul)
    {
        if (!_byKey.TryGetValue(key, out var field))
        {
            nul ??= key.Contains('\0', StringComparison.Ordinal) ? key : null;
            _keys.Add(key);
            _byKey[key] = field = new JsonKeyTree();
        }

        return field;
    }

    private void AddNumber(ReadOnlySpan<byte> number)
    {
        _hasNumbers = true;
        _hasFractions |= number.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0;
        _mostDigits = Math.Max(_mostDigits, number.TrimStart((byte)'-').Length);
    }

    private void AddText(ReadOnlySpan<byte> text)
    {
        var isNonFinite = text.Length <= 9 && NonFinite.Contains(Encoding.UTF8.GetString(text));
        _hasNonFinite |= isNonFinite;
        _hasTexts |= !isNonFinite;
        var point = text.LastIndexOf((byte)'.');
        _hasLongSeconds |= point > 0 && text.Length - point > 7 && text[..point].Contains((byte)':')
            && text[(point + 7)..].ContainsAnyInRange((byte)'1', (byte)'9') && char.IsAsciiDigit((char)text[point + 6]);
    }
}
