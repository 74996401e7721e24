using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Silo.Scaling;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>
/// What is wrong with the values of settings, in sentences: their form, their bounds, and the rules between them. Looked at
/// before anything is built, so that a refusal costs nothing.
/// </summary>
internal static class SettingForms
{
    /// <summary>What is wrong with the place of a text: a list or a section as one text, or one text as several.</summary>
    /// <returns>A sentence; null when the text may stand there.</returns>
    public static string? FaultOf(string key, string? value)
    {
        if (string.IsNullOrEmpty(value) || KnownSettings.Nearest(key) is not { } found)
        {
            return null;
        }

        var below = key.Length - found.Key.Length;
        return (found.Kind, below) switch
        {
            (SettingKind.List, 0) => $"{found.Key} is a list. Write {found.Key}:0={value}.",
            (SettingKind.Names, 0) => $"{found.Key} has values by name. Write {found.Key}:NAME={value}.",
            (SettingKind.Section, 0) =>
                $"{found.Key} is a section. Write one of its settings, such as {FirstBelow(found.Key)}=VALUE.",
            (SettingKind.Value, > 0) => $"{found.Key} has one value. Write {found.Key}={value}.",
            _ => null,
        };
    }

    /// <summary>The faults of every setting, each a sentence.</summary>
    /// <param name="configuration">The settings of all sources.</param>
    /// <param name="isInUse">Which sections this process reads.</param>
    public static IEnumerable<string> FindFaults(IConfiguration configuration, Func<SettingSection, bool> isInUse)
    {
        // The environment may have a variable that is called as a section is.
        var given = configuration.AsEnumerable().Where(setting => setting.Key.Contains(':', StringComparison.Ordinal)).ToList();
        foreach (var section in KnownSettings.Sections.Where(isInUse))
        {
            var before = section.Name + ":";
            var below = given.Where(setting => setting.Key.StartsWith(before, StringComparison.OrdinalIgnoreCase)).ToList();
            var faults = below.Select(setting => FaultOf(setting.Key, setting.Value) ?? ValueFault(setting.Key, setting.Value))
                .OfType<string>().Order(StringComparer.Ordinal).ToList();
            foreach (var fault in faults.Count > 0 ? faults : RuleFaults(configuration, section))
            {
                yield return fault;
            }
        }
    }

    /// <summary>The sections that a gateway reads, or a worker.</summary>
    public static bool IsInUse(SettingSection section, IConfiguration configuration, bool isGateway) =>
        (isGateway || !section.OfGatewayAlone)
        && (section.Type != typeof(KubernetesOptions)
            || Enum.TryParse<ScaleTargetKind>(
                configuration[$"{ScalingOptions.Section}:{nameof(ScalingOptions.Target)}"], ignoreCase: true, out var target)
            && target == ScaleTargetKind.Kubernetes);

    private static string? ValueFault(string key, string? value)
    {
        if (value is null || !KnownSettings.All.TryGetValue(key, out var setting) || setting.Kind != SettingKind.Value
            || (value.Length == 0 && setting.Property is { } property && MayBeEmpty(property.PropertyType)))
        {
            return null;
        }

        if (!TryConvert(setting.Type, value, out var converted))
        {
            return $"Setting {setting.Key} cannot be '{value}'. {FormOf(setting, value)}";
        }

        foreach (var attribute in setting.Property is null ? []
            : Attribute.GetCustomAttributes(setting.Property, typeof(ValidationAttribute)).Cast<ValidationAttribute>())
        {
            if (!attribute.IsValid(converted))
            {
                return $"Setting {setting.Key} cannot be '{value}'. {(attribute is RangeAttribute
                    ? FormOf(setting, value) : Rest(setting.Key, attribute.FormatErrorMessage(setting.Key)))}";
            }
        }

        return null;
    }

    // Only between settings: those of one are looked at before.
    private static IEnumerable<string> RuleFaults(IConfiguration configuration, SettingSection section)
    {
        var settings = configuration.GetSection(section.Name).Get(section.Type) ?? Activator.CreateInstance(section.Type)!;
        return settings is IValidatableObject rules
            ? rules.Validate(new ValidationContext(settings)).Select(fault => fault.ErrorMessage!)
            : [];
    }

    // A sentence of its own begins with its setting, which is named already.
    private static string Rest(string key, string fault) =>
        fault.StartsWith(key, StringComparison.Ordinal) ? $"It{fault[key.Length..]}" : fault;

    private static bool TryConvert(Type type, string value, out object? converted)
    {
        converted = value;
        if (TypeDescriptor.GetConverter(type) is var converter && type != typeof(string)
            && converter.CanConvertFrom(typeof(string)))
        {
            try
            {
                converted = converter.ConvertFromInvariantString(value);
                return !type.IsEnum || Enum.IsDefined(type, converted!);
            }
            catch (Exception unreadable) when (unreadable is FormatException or ArgumentException or NotSupportedException
                or OverflowException || unreadable.InnerException is not null)
            {
                return false;
            }
        }

        return true;
    }

    private static string FormOf(KnownSetting setting, string value)
    {
        var range = setting.Property is null ? null
            : (RangeAttribute?)Attribute.GetCustomAttribute(setting.Property, typeof(RangeAttribute));
        var bounds = range is null ? "" : $" from {Text(range.Minimum)} to {Text(range.Maximum)}";
        var type = setting.Type;
        return type.IsEnum ? WordsOf(type, value)
            : type == typeof(bool) ? "It is true or false."
            : type == typeof(TimeSpan) ? $"It is a time{bounds}, written as 00:00:30."
            : type == typeof(double) ? $"It is a number{bounds}."
            : type == typeof(Uri) ? "It is an address."
            : $"It is a whole number{bounds}.";
    }

    private static string WordsOf(Type type, string value)
    {
        var words = Enum.GetNames(type);
        return $"It is {string.Join(", ", words[..^1])} or {words[^1]}."
            + (NearestName.Find(value, words) is { } near ? $" Did you mean '{near}'?" : "");
    }

    private static string Text(object bound) => bound is double number && number == Math.Floor(number)
        ? number.ToString("F0", CultureInfo.InvariantCulture)
        : Convert.ToString(bound, CultureInfo.InvariantCulture)!;

    // An empty text is no value where there need not be one.
    private static bool MayBeEmpty(Type type) => type == typeof(Uri) || Nullable.GetUnderlyingType(type) is not null;

    private static string FirstBelow(string section) => KnownSettings.All.Values
        .First(setting => setting.Kind != SettingKind.Section
            && setting.Key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)).Key;
}
