using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>
/// Columns that options.columns declares for JSON: a type for one that was found (by its name, its key, or its name in another
/// case), or one more whose key the sample does not have.
/// </summary>
internal sealed class DeclaredJsonColumns(SourceOptions options, JsonLayout layout)
{
    /// <summary>Names of the declared columns.</summary>
    public IReadOnlyList<string> Names => [.. (options.Columns ?? new Dictionary<string, string>()).Keys.Select(NameOf)];

    public IReadOnlyList<ColumnSchema> ApplyTo(IReadOnlyList<ColumnSchema> found)
    {
        if (options.Columns is not { Count: > 0 } declared)
        {
            return found;
        }

        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles);
        var columns = found.ToList();
        foreach (var (name, type) in declared)
        {
            var column = new ColumnSchema(name, TypeOf(session, name, type));
            var index = Find(columns, name);
            if (index < 0)
            {
                columns.Add(column);
            }
            else
            {
                columns[index] = columns[index] with { Type = column.Type };
            }
        }

        return columns;
    }

    private int Find(List<ColumnSchema> columns, string name)
    {
        var named = NameOf(name);
        var exact = columns.FindIndex(column => column.Name == named);
        return exact >= 0
            ? exact
            : columns.FindIndex(column => string.Equals(column.Name, name, StringComparison.OrdinalIgnoreCase));
    }

    private string NameOf(string key) => layout.Renamed.FirstOrDefault(renamed => renamed.Key == key)?.Name ?? key;

    // As the engine writes it, whatever its other names.
    private static string TypeOf(DuckDbSession session, string name, string type)
    {
        try
        {
            return session.Describe($"SELECT CAST(NULL AS {type}) AS x")[0].Type;
        }
        catch (DuckDBException e)
        {
            throw new EngineException(
                FailureKind.BadQuery, $"options.columns gives '{name}' the type '{type}', which is none that the engine knows.",
                ProblemCode.ValidationFailed.Word, e);
        }
    }
}
