using System.Globalization;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Reads the query of an address as <see cref="FormObject"/> reads a body. Pointers are <c>?name</c>.</summary>
internal sealed class QueryForm(IQueryCollection query)
{
    private readonly List<string> known = [];

    public FaultList Faults { get; } = new();

    public string? Text(string name, int maxLength = 256)
    {
        if (All(name) is not [.., var text])
        {
            return null;
        }

        if (text.Length <= maxLength && !text.Contains('\0', StringComparison.Ordinal))
        {
            return text;
        }

        Faults.Add(At(name), FaultCodes.InvalidValue, $"The value can have {maxLength} characters at most and no NUL.");
        return null;
    }

    public long? Whole(string name, long min, long max)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min
            && number <= max)
        {
            return number;
        }

        Faults.Add(At(name), FaultCodes.OutOfRange, $"The value must be a whole number, {min} to {max}.");
        return null;
    }

    public bool Flag(string name)
    {
        switch (Text(name)?.ToLowerInvariant())
        {
            case null or "false" or "0":
                return false;
            case "true" or "1" or "":
                return true;
            default:
                Faults.Add(At(name), FaultCodes.InvalidValue, "The value must be true or false.");
                return false;
        }
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        // A '+' of a zone offset that was not escaped arrives as a blank.
        if (DateTimeOffset.TryParse(
            text.Replace(' ', '+'), CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time))
        {
            return time;
        }

        Faults.Add(At(name), FaultCodes.InvalidValue, "The value must be a time such as 2026-01-31T12:00:00Z.");
        return null;
    }

    /// <summary>Words of an enum; the parameter may stand several times, or hold several words separated by commas.</summary>
    public IReadOnlyList<T>? Words<T>(string name)
        where T : struct, Enum
    {
        var words = new List<T>();
        foreach (var text in All(name)
            .SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)))
        {
            if (EnumWords<T>.ByWord.TryGetValue(text, out var word))
            {
                words.Add(word);
            }
            else
            {
                Faults.Add(At(name), FaultCodes.InvalidValue,
                    $"Unknown value '{FormObject.Short(text)}'. {Suggestion.For(text, EnumWords<T>.Words)}");
            }
        }

        return words.Count == 0 ? null : words;
    }

    /// <summary>Parameters that begin with a prefix, without it.</summary>
    public Dictionary<string, string> WithPrefix(string prefix)
    {
        var found = new Dictionary<string, string>();
        foreach (var name in query.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            if (name.Contains('\0', StringComparison.Ordinal))
            {
                Faults.Add(At(prefix), FaultCodes.InvalidValue, "A name can hold no NUL.");
            }
            else if (Text(name) is { } text)
            {
                found[name[prefix.Length..]] = text;
            }
        }

        return found;
    }

    /// <summary>Reports parameters that nobody asked for, then throws all faults.</summary>
    public void Close()
    {
        foreach (var name in query.Keys.Where(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            Faults.Add(At(FormObject.Short(name)), FaultCodes.UnknownField,
                $"Unknown parameter '{FormObject.Short(name)}'. {Suggestion.For(name, known)}");
        }

        Faults.ThrowIfAny();
    }

    public static string At(string name) => $"?{name}";

    private IReadOnlyList<string> All(string name)
    {
        known.Add(name);
        return [.. query[name].OfType<string>()];
    }
}
