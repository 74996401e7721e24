using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Reference;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>
/// The bounds that the reference tells are those that the form keeps: each field of the examples is set to both ends of what the
/// contract declares, and past them.
/// </summary>
public sealed class ParameterBoundsTests
{
    private static readonly IReadOnlyList<string> Examples =
        [.. OperationExamples.ByOperation.Values.SelectMany(each => each), .. OperationExamples.Options];

    [Fact]
    public void Form_AtAndPastEachBound_AgreesWithTheContract()
    {
        var tried = new HashSet<string>();
        foreach (var example in Examples)
        {
            var job = JsonNode.Parse(example)!.AsObject();
            Try(job, job, typeof(JobSpec), "", tried);
            var operation = JsonSerializer.Deserialize<OperationKind>(job["operation"]!, WireJson.Options);
            if (ParameterTypes.All.FirstOrDefault(pair => pair.Operation == operation).Parameters is { } type)
            {
                Try(job, job["parameters"]!.AsObject(), type, "/parameters", tried);
            }
        }

        // As many as are declared today; a walk that stops early would agree with anything.
        Assert.InRange(tried.Count, 110, 400);
    }

    private static void Try(JsonObject job, JsonObject part, Type record, string at, HashSet<string> tried)
    {
        Expect(job, part, "noSuchField", 1, $"{at}/noSuchField", isFault: true);
        foreach (var property in record.GetProperties())
        {
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            if (!part.ContainsKey(name) || name == "parameters")
            {
                continue;
            }

            var pointer = $"{at}/{name}";
            foreach (var (value, isFault) in Values(property))
            {
                tried.Add($"{record.Name}.{name} {(value.Length > 40 ? $"{value.Length}" : value)}");
                Expect(job, part, name, value == "absent" ? null : JsonNode.Parse(value), pointer, isFault);
            }

            foreach (var (child, type, below) in Parts(part[name], property.PropertyType, pointer))
            {
                Try(job, child, type, below, tried);
            }
        }
    }

    private static IEnumerable<(string Value, bool IsFault)> Values(PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            var (least, most) = (decimal.Parse($"{range.Minimum}", CultureInfo.InvariantCulture),
                decimal.Parse($"{range.Maximum}", CultureInfo.InvariantCulture));
            var step = type == typeof(double) ? 0.5m : 1;
            yield return (Text(least), range.MinimumIsExclusive);
            yield return (Text(most), false);
            yield return (Text(least - step), true);
            yield return (Text(most + step), true);
        }

        if (property.GetCustomAttribute<StringLengthAttribute>() is { } length && property.Name != "Url")
        {
            yield return (Quoted(length.MaximumLength), false);
            yield return (Quoted(length.MaximumLength + 1), true);
            yield return ("\"\"", length.MinimumLength > 0);
        }

        if (type == typeof(string) && property.GetCustomAttribute<MaxLengthAttribute>() is { } longest)
        {
            yield return (Quoted(longest.Length), false);
            yield return (Quoted(longest.Length + 1), true);
        }

        foreach (var word in property.GetCustomAttribute<AllowedValuesAttribute>()?.Values.OfType<string>() ?? [])
        {
            yield return ($"\"{word}\"", false);
        }

        if (property.GetCustomAttribute<AllowedValuesAttribute>() is not null || type.IsEnum)
        {
            yield return ("\"no such word\"", true);
        }

        if (property.GetCustomAttribute<RequiredAttribute>() is not null)
        {
            yield return ("absent", true);
        }

        if (property.GetCustomAttribute<MinLengthAttribute>() is not null)
        {
            yield return ("[]", true);
        }

        yield return (type == typeof(bool) || typeof(IEnumerable).IsAssignableFrom(type) && type != typeof(string)
            ? "7"
            : "[[]]", true);
    }

    // Values that are at odds with others, such as a minimum above a maximum, are in bounds all the same.
    private static void Expect(JsonObject job, JsonObject part, string name, JsonNode? value, string pointer, bool isFault)
    {
        var before = part[name]?.DeepClone();
        part[name] = value;
        // A text of x's is in bounds, and no name of a source or a form of a secret.
        var isText = !isFault && value is JsonValue text && text.TryGetValue<string>(out var letters) && letters.StartsWith('x');
        var faults = FaultsOf(job)
            .Where(fault => fault.Code is not FaultCodes.Conflict && !(isText && fault.Code == FaultCodes.InvalidValue)
            && (fault.Pointer == pointer || fault.Pointer.StartsWith($"{pointer}/", StringComparison.Ordinal))).ToList();
        if (before is null)
        {
            part.Remove(name);
        }
        else
        {
            part[name] = before;
        }

        var shown = value?.ToJsonString() ?? "absent";
        Assert.True(
            faults.Count > 0 == isFault,
            $"{pointer} = {shown[..Math.Min(60, shown.Length)]}: {string.Join("; ", faults.Select(fault => fault.Detail))}");
    }

    private static IReadOnlyList<Fault> FaultsOf(JsonObject job)
    {
        try
        {
            JobSpecReader.ReadJob(Encoding.UTF8.GetBytes(job.ToJsonString()));
            return [];
        }
        catch (ClusterException refused)
        {
            return refused.Problem.Errors ?? [];
        }
    }

    private static IEnumerable<(JsonObject Part, Type Type, string Pointer)> Parts(JsonNode? node, Type type, string pointer)
    {
        if (type.IsGenericType && node is JsonArray list)
        {
            return list.Select((item, index) => (Item: item as JsonObject, Index: index)).Where(pair => pair.Item is not null)
                .Select(pair => (pair.Item!, type.GetGenericArguments()[0], $"{pointer}/{pair.Index}"));
        }

        return type == typeof(IReadOnlyDictionary<string, SourceSpec>) && node is JsonObject sources
            ? sources.Select(source => (source.Value!.AsObject(), typeof(SourceSpec), $"{pointer}/{source.Key}"))
            : type.IsClass && type.Namespace == typeof(JobSpec).Namespace && node is JsonObject part ? [(part, type, pointer)]
            : [];
    }

    private static string Text(decimal number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Quoted(int length) => $"\"{new string('x', length)}\"";
}
