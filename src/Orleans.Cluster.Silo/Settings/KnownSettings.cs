using System.Collections;
using System.Reflection;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Gateway.Callbacks;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Silo.Scaling;
using Orleans.Cluster.Silo.Transport;

namespace Orleans.Cluster.Silo.Settings;

/// <summary>Every key that a silo reads, from the classes that settings are bound to.</summary>
internal static class KnownSettings
{
    /// <summary>The sections and their classes; two classes may share a section.</summary>
    public static IReadOnlyList<SettingSection> Sections { get; } =
    [
        new(ClusterSettings.Section, typeof(ClusterSettings), OfGatewayAlone: false),
        new(SiloTlsOptions.Section, typeof(SiloTlsOptions), OfGatewayAlone: false),
        new(QueueOptions.Section, typeof(QueueOptions), OfGatewayAlone: false),
        new(ExecutorOptions.Section, typeof(ExecutorOptions), OfGatewayAlone: false),
        new(WorkerOptions.Section, typeof(WorkerOptions), OfGatewayAlone: false),
        new(JobOptions.Section, typeof(JobOptions), OfGatewayAlone: false),
        new(ExchangeOptions.Section, typeof(ExchangeOptions), OfGatewayAlone: false),
        new(RetentionOptions.Section, typeof(RetentionOptions), OfGatewayAlone: false),
        new(AutoscalerOptions.Section, typeof(AutoscalerOptions), OfGatewayAlone: false),
        new(S3Options.Section, typeof(S3Options), OfGatewayAlone: false),
        new(GatewayOptions.Section, typeof(GatewayOptions), OfGatewayAlone: true),
        new(CallbackOptions.Section, typeof(CallbackOptions), OfGatewayAlone: true),
        new(ScalingOptions.Section, typeof(ScalingOptions), OfGatewayAlone: true),
        new(KubernetesOptions.Section, typeof(KubernetesOptions), OfGatewayAlone: true),
    ];

    /// <summary>All keys, sections among them, by name whatever its case.</summary>
    public static IReadOnlyDictionary<string, KnownSetting> All { get; } = Sections
        .SelectMany(section => Below(section.Name, section.Type)
            .Prepend(new KnownSetting(section.Name, SettingKind.Section, section.Type, null)))
        // Set by a gateway for its workers.
        .Append(new KnownSetting($"{ClusterSettings.Section}:Epoch", SettingKind.Value, typeof(long), null))
        .DistinctBy(setting => setting.Key, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(setting => setting.Key, StringComparer.OrdinalIgnoreCase);

    /// <summary>The setting with that key, or the nearest one above it; null when not even its section is known.</summary>
    public static KnownSetting? Nearest(string key)
    {
        for (var above = key; ; above = above[..above.LastIndexOf(':')])
        {
            if (All.TryGetValue(above, out var found))
            {
                return found;
            }

            if (!above.Contains(':', StringComparison.Ordinal))
            {
                return null;
            }
        }
    }

    private static IEnumerable<KnownSetting> Below(string section, Type type)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(item => item.CanWrite))
        {
            var held = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            var setting = new KnownSetting($"{section}:{property.Name}", KindOf(held), held, property);
            yield return setting;
            foreach (var inner in setting.Kind == SettingKind.Section ? Below(setting.Key, held) : [])
            {
                yield return inner;
            }
        }
    }

    private static SettingKind KindOf(Type type) =>
        type.IsValueType || type == typeof(string) || type == typeof(Uri) ? SettingKind.Value
        : !type.IsAssignableTo(typeof(IEnumerable)) ? SettingKind.Section
        : type.GenericTypeArguments.Length == 1 ? SettingKind.List : SettingKind.Names;
}

/// <summary>A section of the settings and the class that it is bound to.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Type">Whose properties are its settings.</param>
/// <param name="OfGatewayAlone">Whether workers do without it.</param>
internal sealed record SettingSection(string Name, Type Type, bool OfGatewayAlone);

/// <summary>One key of the settings.</summary>
/// <param name="Key">The whole key, as the documentation writes it.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Type">What its text becomes; of a section, the class.</param>
/// <param name="Property">Where its bounds are declared; null for a section.</param>
internal sealed record KnownSetting(string Key, SettingKind Kind, Type Type, PropertyInfo? Property);

/// <summary>What a key holds.</summary>
internal enum SettingKind
{
    /// <summary>One text.</summary>
    Value,

    /// <summary>Texts under 0, 1 and so on.</summary>
    List,

    /// <summary>Settings of its own.</summary>
    Section,

    /// <summary>Texts under names that the user chooses.</summary>
    Names,
}
