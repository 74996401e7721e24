using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>The narrowest type that holds every sample of a column, by the engine's own casts. Holds one instance for many questions.</summary>
internal sealed class TypeSniffer : IDisposable
{
    private static readonly (string Type, string Condition)[] Candidates =
    [
        ("BOOLEAN", "lower({0}) IN ('true', 'false')"),
        // 08123 is a code and no number, and 20 digits are more than a DOUBLE keeps: both stay as they are written.
        ("BIGINT", "regexp_full_match({0}, '[+-]?(0|[1-9][0-9]*)') AND TRY_CAST({0} AS BIGINT) IS NOT NULL"),
        ("DOUBLE", "regexp_full_match({0}, '(?i)[+-]?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)(e[+-]?[0-9]+)?|[+-]?(nan|inf|infinity)') "
            + "AND (NOT regexp_full_match({0}, '[+-]?[0-9]+') OR TRY_CAST({0} AS BIGINT) IS NOT NULL)"),
        ("DATE", "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') AND TRY_CAST({0} AS DATE) IS NOT NULL"),
        ("TIMESTAMP", "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T][0-9:.]+)?') AND TRY_CAST({0} AS TIMESTAMP) IS NOT NULL"),
    ];

    private readonly DuckDBConnection connection = new("DataSource=:memory:");

    public TypeSniffer()
    {
        connection.Open();
        Execute("SET threads = 1");
    }

    /// <summary>Types of columns, given rows of their values; null stands for NULL, and for the type of a column without a value.</summary>
    public IReadOnlyList<string?> Find(IEnumerable<IReadOnlyList<string?>> rows, int width)
    {
        if (width == 0)
        {
            return [];
        }

        Execute($"CREATE OR REPLACE TABLE sample ({string.Join(", ", Enumerable.Range(0, width).Select(i => $"c{i} VARCHAR"))})");
        using (var appender = connection.CreateAppender("sample"))
        {
            foreach (var values in rows)
            {
                var row = appender.CreateRow();
                foreach (var value in values)
                {
                    row = value is null ? row.AppendNullValue() : row.AppendValue(value);
                }

                row.EndRow();
            }
        }

        // One query a column keeps the statement short for tables with thousands of columns.
        return [.. Enumerable.Range(0, width).Select(i => FindOne($"c{i}"))];
    }

    public void Dispose() => connection.Dispose();

    private string? FindOne(string column)
    {
        using var command = connection.CreateCommand();
        var tests = Candidates.Select(candidate =>
            $"bool_and({string.Format(System.Globalization.CultureInfo.InvariantCulture, candidate.Condition, column)})");
        command.CommandText = $"SELECT count({column}), {string.Join(", ", tests)} FROM sample WHERE {column} IS NOT NULL";
        using var reader = command.ExecuteReader();
        reader.Read();
        if (reader.GetInt64(0) == 0)
        {
            return null;
        }

        for (var i = 0; i < Candidates.Length; i++)
        {
            if (!reader.IsDBNull(i + 1) && reader.GetBoolean(i + 1))
            {
                return Candidates[i].Type;
            }
        }

        return "VARCHAR";
    }

    private void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
