using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Orleans.Cluster.Cli.Terminal;

namespace Orleans.Cluster.Cli.Commands;

/// <summary>
/// One aggregate as written after --agg: <c>sum:v1</c>, <c>sum:v1:total</c>, <c>count</c>, <c>quantile_cont(0.9):v3:p90</c>.
/// </summary>
internal static partial class AggregateFlag
{
    private const string DistinctCount = "count_distinct";

    /// <exception cref="UsageException">It does not have one of these forms.</exception>
    public static JsonNode ToJson(string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            throw new UsageException(
                $"'{text}' is not an aggregate. Write function:column or function:column:name, for example sum:v1:total.");
        }

        var function = match.Groups["function"].Value.ToLowerInvariant();
        var aggregate = new JsonObject { ["function"] = function == DistinctCount ? "count" : function };
        if (match.Groups["column"] is { Success: true, Value: var column })
        {
            aggregate["column"] = column;
        }

        if (match.Groups["name"] is { Success: true, Value: var name })
        {
            aggregate["as"] = name;
        }

        if (match.Groups["q"] is { Success: true, Value: var q })
        {
            aggregate["q"] = double.Parse(q, CultureInfo.InvariantCulture);
        }

        if (function == DistinctCount)
        {
            aggregate["distinct"] = true;
        }

        return aggregate;
    }

    [GeneratedRegex(@"^(?<function>[A-Za-z_]+)(\((?<q>[0-9]*\.?[0-9]+)\))?(:(?<column>[^:]+)(:(?<name>[^:]+))?)?$")]
    private static partial Regex Form();
}
