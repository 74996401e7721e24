using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Format;

/// <summary>Words of the API.</summary>
internal static class Words
{
    /// <summary>Operations as a job names them.</summary>
    public static IReadOnlyList<string> Operations { get; } = [.. Enum.GetValues<OperationKind>().Select(Of)];

    public static string Of(OperationKind operation) =>
        JsonSerializer.SerializeToElement(operation, WireJson.Options).GetString()!;

    /// <summary>
    /// A worker for people: without the mark that all workers' ids begin with, and the life that they end with. The whole id is
    /// shown on hover.
    /// </summary>
    public static string Worker(string id)
    {
        var name = id.StartsWith("w-", StringComparison.Ordinal) ? id[2..] : id;
        var life = name.LastIndexOf('@');
        return life > 0 ? name[..life] : name;
    }

    /// <summary>The first letter as a capital, the rest small: <c>RUNNING</c> is <c>Running</c>.</summary>
    public static string Plain(string word) =>
        word.Length == 0 ? word : word[..1].ToUpperInvariant() + word[1..].ToLowerInvariant().Replace('_', ' ');
}
