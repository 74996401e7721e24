using System.Text.RegularExpressions;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Binds a query and shows what is wrong with it in the text of its writer, where the engine finds the same there: the rendered
/// text has one line, and other words for some things.
/// </summary>
internal static partial class WrittenQuery
{
    private const string PlaceMark = "\n\nLINE ";

    /// <summary>Binds a query.</summary>
    /// <param name="draft">Asks the engine.</param>
    /// <param name="sql">The query as rendered.</param>
    /// <param name="written">As it was written; it has been parsed, and so holds nothing that is refused.</param>
    /// <exception cref="ClusterException">What is wrong with it.</exception>
    public static async Task Bind(PlanDraft draft, string sql, string written)
    {
        try
        {
            await draft.Bind(sql);
        }
        catch (ClusterException failure) when (failure.Message.Contains(PlaceMark, StringComparison.Ordinal))
        {
            if (await Fault(draft, written) is { } own && FaultOf(own) == FaultOf(failure))
            {
                throw WithQuotes(own, written);
            }

            throw;
        }
    }

    private static async Task<ClusterException?> Fault(PlanDraft draft, string sql)
    {
        try
        {
            await draft.Bind(sql);
            return null;
        }
        catch (ClusterException failure)
        {
            return failure;
        }
    }

    private static string FaultOf(ClusterException failure) => failure.Message.Split(PlaceMark)[0];

    // A text in double quotes is a name in SQL, which not everybody knows.
    private static ClusterException WithQuotes(ClusterException failure, string written)
    {
        var place = failure.Message.IndexOf(PlaceMark, StringComparison.Ordinal);
        var name = MissingName().Match(failure.Message).Groups["name"].Value;
        return name.Length == 0 || place < 0 || !written.Contains($"\"{name}\"", StringComparison.Ordinal)
            ? failure
            : new ClusterException(
                failure.Code, failure.Message.Insert(place, $" If it is a text, write it in single quotes: '{name}'."),
                inner: failure);
    }

    [GeneratedRegex("^There is no column \"(?<name>.*?)\"")]
    private static partial Regex MissingName();
}
