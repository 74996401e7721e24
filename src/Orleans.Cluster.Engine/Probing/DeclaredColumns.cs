using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Columns that the user declared. One rule for every format: a name means the column of that name in any case, and one that no
/// file has is an error.
/// </summary>
internal sealed class DeclaredColumns(SourceOptions options)
{
    private const int Shown = 50;

    private readonly Dictionary<string, string> _types = new(
        (options.Columns ?? new Dictionary<string, string>()).DistinctBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase),
        StringComparer.OrdinalIgnoreCase);

    /// <summary>As declared.</summary>
    public IEnumerable<ColumnSchema> Columns =>
        (options.Columns ?? new Dictionary<string, string>()).Select(pair => new ColumnSchema(pair.Key, pair.Value));

    /// <summary>The declared type of a column; null when there is none.</summary>
    public string? TypeOf(string name) => _types.GetValueOrDefault(name);

    /// <summary>Refuses a declaration of what is not there.</summary>
    /// <param name="found">Columns of the files.</param>
    /// <param name="folders">Columns of their folders.</param>
    /// <exception cref="EngineException">A declared column is in no file and no folder.</exception>
    public void RequireAll(IReadOnlyList<string> found, IEnumerable<string> folders)
    {
        var known = found.Concat(folders).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (_types.Keys.FirstOrDefault(name => !known.Contains(name)) is { } missing)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                $"options.columns declares '{missing}', which no file has. Columns: {string.Join(", ", found.Take(Shown))}"
                + $"{(found.Count > Shown ? ", ..." : "")}.",
                ProblemCode.ColumnNotFound.Word);
        }
    }
}
