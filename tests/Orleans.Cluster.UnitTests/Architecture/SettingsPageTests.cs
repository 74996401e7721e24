using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Gateway.Requests;
using Orleans.Cluster.Silo.Scaling;
using Orleans.Cluster.Silo.Settings;

namespace Orleans.Cluster.UnitTests.Architecture;

/// <summary>
/// <c>deploy/SETTINGS.md</c> has every setting with its default and bounds. It is made from the classes that the settings are
/// bound to: run this test with ORLEANS_CLUSTER_WRITE_REFERENCE=1 after a change.
/// </summary>
public sealed class SettingsPageTests
{
    private const string Intro =
        """
        # Settings

        Each is a key of `appsettings.json`, a variable (`Cluster__Workers=4`) or an argument (`--Cluster:Workers=4`), for gateways and workers alike. A value out
        of its bounds ends the start with a sentence that names it, and so does an argument that nothing reads; a key of a file or a variable that nothing
        reads is warned of. Times are written as `00:00:30`. This page is made from the code.

        Beside them hold the keys of the platform: `Urls` (`http://127.0.0.1:8001`), `ConnectionStrings:Postgres` (none: SQLite files in the state directory),
        `Kestrel` (certificates and endpoints), `Logging`, and the variables of OpenTelemetry (`OTEL_EXPORTER_OTLP_ENDPOINT`).
        """;

    private static readonly Assembly[] Assemblies = [typeof(ClusterSettings).Assembly, typeof(GatewayOptions).Assembly,
        typeof(ScalingOptions).Assembly, typeof(S3Options).Assembly];

    private static string Page => Path.Combine(Repository.Root, "deploy", "SETTINGS.md");

    [Fact]
    public void Page_OfSettings_IsWhatTheCodeSays()
    {
        var expected = Render();

        if (Environment.GetEnvironmentVariable("ORLEANS_CLUSTER_WRITE_REFERENCE") == "1")
        {
            File.WriteAllText(Page, expected);
        }

        Assert.Equal(expected, File.Exists(Page) ? File.ReadAllText(Page) : "");
    }

    [Fact]
    public void Settings_EachWithAnotherValue_AreBound()
    {
        var bound = 0;
        foreach (var (section, type) in Sections())
        {
            foreach (var property in Properties(type).Where(property => Sample(property, type) is not null))
            {
                var sample = Sample(property, type)!;
                var configuration = new ConfigurationBuilder()
                    .AddInMemoryCollection(new Dictionary<string, string?> { [$"{section}:{property.Name}"] = Text(sample) })
                    .Build();

                var options = configuration.GetSection(section).Get(type);

                Assert.True(Equals(sample, property.GetValue(options)),
                    $"{section}:{property.Name}={Text(sample)} is not bound.");
                bound++;
            }
        }

        Assert.True(bound > 60, $"{bound} settings were tried.");
    }

    // A section that the start does not know would be taken for a misspelt one.
    [Fact]
    public void Sections_OfTheCode_AreKnownAtTheStart() => Assert.Equal(
        Sections().Select(section => (section.Section, section.Type.Name)).Order(),
        KnownSettings.Sections.Select(section => (section.Name, section.Type.Name)).Order());

    // Comments and declarations do not read a setting. One that nothing reads promises what does not happen.
    [Fact]
    public void Settings_EachOne_IsReadByTheCode()
    {
        var code = string.Join('\n', Repository.Sources("src").SelectMany(File.ReadLines)
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal)
                && !line.Contains("{ get; set; }", StringComparison.Ordinal)));

        var unread = Sections().SelectMany(item => Properties(item.Type).Select(property => (item.Section, property.Name)))
            .Where(setting => !Regex.IsMatch(code, $@"\b{setting.Name}\b"));

        Assert.Empty(unread);
    }

    private static string Render()
    {
        var lines = new List<string> { Intro };
        foreach (var (section, type) in Sections())
        {
            var source = SourceOf(type);
            lines.Add($"\n## {section}\n\n{DocComments.Summary(source, $"class {type.Name}")}\n");
            lines.Add("| key | default | bounds | meaning |\n| --- | --- | --- | --- |");
            var instance = Activator.CreateInstance(type)!;
            lines.AddRange(Properties(type).Select(property =>
                $"| `{section}:{property.Name}` | {Default(property.GetValue(instance))} | {Bounds(property)} | "
                + $"{DocComments.Summary(source, $" {property.Name} {{")} |"));
        }

        return string.Join('\n', lines) + "\n";
    }

    private static IEnumerable<(string Section, Type Type)> Sections() => Assemblies.SelectMany(assembly => assembly.GetTypes())
        .Select(type =>
            (Section: type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string, type))
        .Where(pair => pair.Section is not null).Select(pair => (pair.Section!, pair.type))
        .OrderBy(pair => pair.Item1, StringComparer.Ordinal);

    private static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite);

    private static string Default(object? value) => value switch
    {
        null or "" => "none",
        string text => $"`{text}`",
        IEnumerable list => list.Cast<object>().Any()
            ? string.Join(", ", list.Cast<object>().Select(item => $"`{Text(item)}`"))
            : "none",
        _ => $"`{Text(value)}`",
    };

    private static string Bounds(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return property.GetCustomAttribute<RangeAttribute>() is { } range ? $"{Text(range.Minimum)} to {Text(range.Maximum)}"
            : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(name => $"`{name}`"))
            : type == typeof(bool) ? "`true`, `false`" : "";
    }

    // A value within the bounds that is not the default; null for documents and lists.
    private static object? Sample(PropertyInfo property, Type declaring)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var usual = property.GetValue(Activator.CreateInstance(declaring));
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            return new[] { range.Minimum, range.Maximum }
                .Select(bound => type == typeof(TimeSpan)
                    ? TimeSpan.Parse(Text(bound), CultureInfo.InvariantCulture)
                    : Convert.ChangeType(bound, type, CultureInfo.InvariantCulture))
                .First(bound => !Equals(bound, usual));
        }

        return type == typeof(bool) ? !(bool)(usual ?? false)
            : type == typeof(string) ? "some text"
            : type.IsEnum ? Enum.GetValues(type).Cast<object>().First(word => !Equals(word, usual)) : null;
    }

    private static string Text(object value) => value switch
    {
        double number when number == Math.Floor(number) => number.ToString("F0", CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string SourceOf(Type type)
    {
        var project = type.Assembly.GetName().Name!;
        var file = Directory.EnumerateFiles(
            Path.Combine(Repository.Root, "src", project), $"{type.Name}.cs", SearchOption.AllDirectories).Single();
        return File.ReadAllText(file);
    }
}
