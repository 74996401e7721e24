using System.Globalization;
using System.Text.Json;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>
/// Reads one JSON object field by field. What it was asked for is what it knows: <see cref="Close"/> reports all other fields. A
/// value that is <c>null</c> counts as not given; a value with a fault answers null, and its fault is in the list.
/// </summary>
internal sealed class FormObject
{
    private readonly Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    private FormObject(JsonElement element, string pointer, FaultList faults)
    {
        Pointer = pointer;
        Faults = faults;
        foreach (var property in element.EnumerateObject())
        {
            if (!fields.TryAdd(property.Name, property.Value))
            {
                faults.Add(At(property.Name), FaultCodes.DuplicateField, $"Duplicate field '{Short(property.Name)}'.");
            }
        }
    }

    public string Pointer { get; }

    public FaultList Faults { get; }

    public IEnumerable<string> Names => fields.Keys;

    public static FormObject? Open(JsonElement element, string pointer, FaultList faults)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new FormObject(element, pointer, faults);
        }

        AddWrongType(faults, pointer, "an object", element);
        return null;
    }

    public string At(string name) => $"{Pointer}/{Escape(name)}";

    public bool Has(string name) => Find(name) is not null;

    /// <summary>The value as it is, or null.</summary>
    public JsonElement? Find(string name)
    {
        known.Add(name);
        return fields.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The value, with a fault when there is none.</summary>
    public JsonElement? Require(string name, string what)
    {
        var value = Find(name);
        if (value is null)
        {
            Faults.Add(At(name), FaultCodes.Required, $"{what} is required.");
        }

        return value;
    }

    /// <summary>
    /// A text that is neither blank nor longer than the limit, and holds no NUL character, which neither SQL nor a database
    /// takes.
    /// </summary>
    public string? Text(string name, int maxLength = 256, bool mayBeEmpty = false) =>
        Find(name) is { } value ? TextOf(value, At(name), maxLength, mayBeEmpty) : null;

    public string? RequiredText(string name, string what, int maxLength = 256) =>
        Require(name, what) is { } value ? TextOf(value, At(name), maxLength, mayBeEmpty: false) : null;

    public bool? Flag(string name)
    {
        switch (Find(name))
        {
            case null:
                return null;
            case { ValueKind: JsonValueKind.True }:
                return true;
            case { ValueKind: JsonValueKind.False }:
                return false;
            case { } other:
                AddWrongType(Faults, At(name), "true or false", other);
                return null;
        }
    }

    /// <summary>A whole number in [min, max].</summary>
    public long? Whole(string name, long min, long max)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var approximate)
            || Math.Floor(approximate) != approximate)
        {
            AddWrongType(Faults, At(name), "a whole number", value);
            return null;
        }

        if (!value.TryGetInt64(out var number))
        {
            // 1e3 and 1.0 are whole too; what a long cannot hold is out of any range.
            number = Math.Abs(approximate) <= 1L << 53 ? (long)approximate : approximate < 0 ? long.MinValue : long.MaxValue;
            if (number is long.MinValue or long.MaxValue)
            {
                AddOutOfRange(name, $"{min} to {max}");
                return null;
            }
        }

        if (number < min || number > max)
        {
            AddOutOfRange(name, $"{min} to {max}");
            return null;
        }

        return number;
    }

    /// <summary>A number for which <paramref name="isInRange"/> holds; <paramref name="range"/> says it in words.</summary>
    public double? Number(string name, Func<double, bool> isInRange, string range)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out var number))
        {
            AddWrongType(Faults, At(name), "a number", value);
            return null;
        }

        if (!double.IsFinite(number) || !isInRange(number))
        {
            AddOutOfRange(name, range);
            return null;
        }

        return number;
    }

    /// <summary>A moment, RFC 3339.</summary>
    public DateTimeOffset? Time(string name)
    {
        if (Text(name, 64) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        Faults.Add(At(name), FaultCodes.InvalidValue, "The value must be a time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    /// <summary>A word of an enum, written as everywhere in our JSON.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum => Find(name) is { } value ? WordOf<T>(value, At(name)) : null;

    public T? RequiredWord<T>(string name, string what)
        where T : struct, Enum => Require(name, what) is { } value ? WordOf<T>(value, At(name)) : null;

    /// <summary>One of some words.</summary>
    public string? Word(string name, IReadOnlyCollection<string> words)
    {
        var text = Text(name);
        if (text is null || words.Contains(text))
        {
            return text;
        }

        Faults.Add(At(name), FaultCodes.InvalidValue, $"Unknown value '{Short(text)}'. {Suggestion.For(text, words)}");
        return null;
    }

    public FormObject? Object(string name) => Find(name) is { } value ? Open(value, At(name), Faults) : null;

    /// <summary>A list of texts; null when the field is not given. Items with faults are left out.</summary>
    public IReadOnlyList<string>? Texts(string name, int maxLength = 256, bool mayBeEmpty = false, bool distinct = false)
    {
        if (Find(name) is null)
        {
            return null;
        }

        var texts = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (item, pointer) in Items(name))
        {
            if (TextOf(item, pointer, maxLength, mayBeEmpty) is not { } text)
            {
                continue;
            }

            if (distinct && !seen.Add(text))
            {
                Faults.Add(pointer, FaultCodes.Duplicate, $"Duplicate value '{Short(text)}'.");
            }

            texts.Add(text);
        }

        return texts;
    }

    /// <summary>Items of a list with their pointers; none when the field is not given or no list.</summary>
    public IEnumerable<(JsonElement Item, string Pointer)> Items(string name)
    {
        if (Find(name) is not { } value)
        {
            yield break;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            AddWrongType(Faults, At(name), "a list", value);
            yield break;
        }

        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            // Past the limit nothing more is listed, so nothing more is worth reading.
            if (Faults.IsFull)
            {
                yield break;
            }

            yield return (item, $"{At(name)}/{index++}");
        }
    }

    /// <summary>Objects of a list; items that are none have their fault.</summary>
    public IEnumerable<FormObject> Objects(string name) =>
        Items(name).Select(item => Open(item.Item, item.Pointer, Faults)).OfType<FormObject>();

    /// <summary>Reports every field that nobody asked for.</summary>
    public void Close()
    {
        foreach (var name in fields.Keys.Where(name => !known.Contains(name)))
        {
            Faults.Add(At(Short(name)), FaultCodes.UnknownField, $"Unknown field '{Short(name)}'. {Suggestion.For(name, known)}");
        }
    }

    public string? TextOf(JsonElement value, string pointer, int maxLength, bool mayBeEmpty)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            AddWrongType(Faults, pointer, "a text", value);
            return null;
        }

        var text = value.GetString()!;
        var (code, detail) = text switch
        {
            _ when text.Length > maxLength =>
                (FaultCodes.TooLong, $"At most {maxLength} characters are allowed; this has {text.Length}."),
            _ when !mayBeEmpty && string.IsNullOrWhiteSpace(text) => (FaultCodes.InvalidValue, "The text is empty."),
            _ when text.Contains('\0', StringComparison.Ordinal) => (FaultCodes.InvalidValue, "The text holds a NUL character."),
            _ => (null, ""),
        };
        if (code is null)
        {
            return text;
        }

        Faults.Add(pointer, code, detail);
        return null;
    }

    public static string Short(string text) => text.Length <= 60 ? text : $"{text[..60]}...";

    private T? WordOf<T>(JsonElement value, string pointer)
        where T : struct, Enum
    {
        if (TextOf(value, pointer, 256, mayBeEmpty: false) is not { } text)
        {
            return null;
        }

        if (EnumWords<T>.ByWord.TryGetValue(text, out var found))
        {
            return found;
        }

        Faults.Add(pointer, FaultCodes.InvalidValue,
            $"Unknown value '{Short(text)}'. {Suggestion.For(text, EnumWords<T>.Words)}");
        return null;
    }

    private void AddOutOfRange(string name, string range) =>
        Faults.Add(At(name), FaultCodes.OutOfRange, $"The value must be {range}.");

    private static void AddWrongType(FaultList faults, string pointer, string wanted, JsonElement found) =>
        faults.Add(pointer, FaultCodes.WrongType, $"The value must be {wanted}, not {NameOf(found.ValueKind)}.");

    private static string NameOf(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "this number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    private static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
