using System.Text.Json;
using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>Keeps the product's own names (<see cref="OwnName"/>) out of data and queries.</summary>
internal static partial class TakenNames
{
    /// <exception cref="ClusterException"><c>query-invalid</c>: a column, a table or the query has such a name.</exception>
    public static void Refuse(JobSpec spec, IReadOnlyDictionary<string, PlannedDataset> datasets)
    {
        foreach (var (name, dataset) in datasets)
        {
            if (dataset.Columns.FirstOrDefault(column => OwnName.IsTaken(column.Name)) is { } column)
            {
                throw Refused($"Source {name} has a column {column.Name}. Rename the column in its files.");
            }
        }

        var texts = spec.Parameters is { } parameters ? Texts(parameters) : [];
        var given = datasets.Keys.Concat(texts.SelectMany(text => Words().Matches(text)).Select(word => word.Value));
        if (given.FirstOrDefault(OwnName.IsTaken) is { } taken)
        {
            throw Refused($"The job names {taken}. Use another name.");
        }
    }

    private static ClusterException Refused(string detail) => new(
        ProblemCode.QueryInvalid, detail,
        $"Names that begin with {OwnName.Prefix}, and the name {TaskOutput.TargetColumn}, are the product's own.");

    private static IEnumerable<string> Texts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => [json.GetString()!],
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(field => Texts(field.Value).Prepend(field.Name)),
        _ => [],
    };

    [GeneratedRegex(@"\b__\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
