using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>
/// From the body of a request to what was asked for. The body is walked by hand: a serializer stops at its first fault, and a
/// client shall hear of all.
/// </summary>
internal static class JobSpecReader
{
    /// <summary>Reads a job.</summary>
    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static JobSpec ReadJob(ReadOnlyMemory<byte> body)
    {
        var spec = Read(body, ReadJob);
        return spec.Operation == OperationKind.Sql ? QueryFiles.AddTo(spec) : spec;
    }

    /// <summary>Reads what <c>/data/partition</c> asks: a source, the default one when null, and how to split it.</summary>
    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static (SourceSpec? Source, PartitioningSpec Partitioning) ReadPartitioning(ReadOnlyMemory<byte> body) =>
        Read(body, form =>
        {
            var source = form.Object("source") is { } given ? SourceForm.Read(given) : null;
            var partitioning = SettingsForm.ReadPartitioning(form.Object("partitioning"));
            form.Close();
            return (source, partitioning);
        });

    /// <summary>Reads any other body by the rules of <paramref name="read"/>.</summary>
    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> body, Func<FormObject, T> read)
    {
        var faults = new FaultList();
        using var document = JsonBody.Parse(body, faults);
        faults.ThrowIfAny();
        var form = FormObject.Open(document!.RootElement, "", faults);
        var value = form is null ? default : read(form);
        faults.ThrowIfAny();
        return value!;
    }

    private static JobSpec ReadJob(FormObject form)
    {
        var operation = form.RequiredWord<OperationKind>("operation", "The operation");
        var sources = ReadSources(form, operation);
        var spec = new JobSpec
        {
            Name = form.Text("name"),
            Operation = operation ?? default,
            Priority = form.Word<JobPriority>("priority") ?? JobPriority.Normal,
            Source = form.Object("source") is { } source ? SourceForm.Read(source) : null,
            Sources = sources,
            Parameters = ReadParameters(form, operation, sources?.Keys.ToList()),
            Output = form.Object("output") is { } output ? SettingsForm.ReadOutput(output) : null,
            Partitioning = SettingsForm.ReadPartitioning(form.Object("partitioning")),
            Resources = SettingsForm.ReadResources(form.Object("resources")),
            Retry = SettingsForm.ReadRetry(form.Object("retry")),
            OnBadRow = form.Word<BadRowPolicy>("onBadRow") ?? BadRowPolicy.Fail,
            Gang = form.Flag("gang") ?? false,
            TimeoutSeconds = form.Number(
                "timeoutSeconds", s => s is > 0 and <= 31_536_000, "above 0 and at most 31536000 (a year)"),
            DependsOn = SettingsForm.ReadDependencies(form),
            Callback = form.Object("callback") is { } callback ? SettingsForm.ReadCallback(callback) : null,
            Labels = SettingsForm.ReadLabels(form.Object("labels")),
        };
        if (form.Has("source") && form.Has("sources"))
        {
            form.Faults.Add(form.At("sources"), FaultCodes.Conflict, "Give either 'source' or 'sources'.");
        }

        form.Close();
        return spec;
    }

    private static Dictionary<string, SourceSpec>? ReadSources(FormObject form, OperationKind? operation)
    {
        const int Max = 64;
        if (form.Object("sources") is not { } named)
        {
            if (operation == OperationKind.Join && !form.Has("sources"))
            {
                form.Faults.Add(form.At("sources"), FaultCodes.Required, "The two inputs of the join are required, by name.");
            }

            return null;
        }

        if (operation is not (null or OperationKind.Join or OperationKind.Sql))
        {
            form.Faults.Add(named.Pointer, FaultCodes.Conflict, "Only 'sql' and 'join' have several inputs. Use 'source'.");
        }

        var names = named.Names.Take(Max + 1).ToList();
        if (names.Count is 0 or > Max)
        {
            form.Faults.Add(named.Pointer, FaultCodes.OutOfRange, $"The number of sources must be 1 to {Max}.");
        }

        var sources = new Dictionary<string, SourceSpec>();
        foreach (var name in names.Take(Max))
        {
            CheckSourceName(named, name, names);
            if (named.Object(name) is { } source && SourceForm.Read(source) is { } read)
            {
                sources[name] = read;
            }
            else if (!named.Has(name))
            {
                form.Faults.Add(named.At(name), FaultCodes.Required, "A source is required.");
            }
        }

        return sources;
    }

    private static void CheckSourceName(FormObject named, string name, List<string> names)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 64 || name.Any(char.IsControl))
        {
            named.Faults.Add(named.At(name), FaultCodes.InvalidValue, "A source needs a name of 1 to 64 characters.");
        }
        else if (names.First(other => string.Equals(other, name, StringComparison.OrdinalIgnoreCase)) != name)
        {
            named.Faults.Add(
                named.At(name), FaultCodes.Duplicate,
                "Another source has this name in other case; names in SQL do not differ by case.");
        }
    }

    private static JsonElement? ReadParameters(FormObject form, OperationKind? operation, List<string>? sources)
    {
        var given = form.Find("parameters");
        if (operation is not { } known)
        {
            return null;
        }

        // An operation that needs a parameter says which one is missing also when there are none at all.
        var element = given ?? JsonSerializer.SerializeToElement(new { });
        if (FormObject.Open(element, form.At("parameters"), form.Faults) is not { } parameters)
        {
            return null;
        }

        ParametersForm.Check(known, parameters, sources);
        return given is null || !form.Faults.IsEmpty ? null : WithoutNulls(element);
    }

    // Records have defaults for what is not given, lists above all, and a null that is written out would replace them.
    private static JsonElement WithoutNulls(JsonElement element) =>
        JsonSerializer.SerializeToElement(Strip(JsonNode.Parse(element.GetRawText())));

    private static JsonNode? Strip(JsonNode? node)
    {
        if (node is JsonObject fields)
        {
            foreach (var name in fields.Where(field => field.Value is null).Select(field => field.Key).ToList())
            {
                fields.Remove(name);
            }
        }

        foreach (var child in node switch { JsonObject o => o.Select(f => f.Value), JsonArray a => a, _ => [] })
        {
            Strip(child);
        }

        return node;
    }
}
