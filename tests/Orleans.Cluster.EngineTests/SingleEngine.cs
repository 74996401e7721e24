using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests;

/// <summary>What every result is compared with: one DuckDB with one thread over the same files, told the schema.</summary>
internal sealed class SingleEngine : IDisposable
{
    private readonly DuckDBConnection connection = new("DataSource=:memory:");

    public SingleEngine()
    {
        connection.Open();
        Execute("SET threads = 1");
        Execute("SET TimeZone = 'UTC'");
    }

    public void Execute(string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Makes a CSV file with a header a table.</summary>
    public void Table(string name, string path, IReadOnlyDictionary<string, string> columns) => Execute(
        $"CREATE OR REPLACE TABLE \"{name}\" AS SELECT * FROM read_csv('{path}', auto_detect = false, header = true, delim = "
        + "',', quote = '\"', "
        + $"escape = '\"', allow_quoted_nulls = false, columns = {{"
        + $"{string.Join(", ", columns.Select(c => $"'{c.Key}': '{c.Value}'"))}}})");

    /// <summary>The rows of a query, each value as its type and text; null for NULL.</summary>
    public List<(string Type, string? Text)[]> Rows(string sql)
    {
        var types = Read($"DESCRIBE {sql}", reader => reader.GetString(1));
        var names = Read($"DESCRIBE {sql}", reader => $"CAST({SqlText.Name(reader.GetString(0))} AS VARCHAR)");
        return Read(
            $"SELECT {string.Join(", ", names)} FROM ({sql})",
            reader => types.Select((type, index) => (type, reader.IsDBNull(index) ? null : reader.GetString(index))).ToArray());
    }

    /// <summary>Asserts that a result has these rows: exact, but doubles to 1e-9.</summary>
    public void AssertSame(string sql, JsonElement result, bool ordered)
    {
        var expected = Rows(sql);
        var actual = result.GetProperty("rows")
            .EnumerateArray().Select(row => row.EnumerateArray().Select(Text).ToArray()).ToList();
        if (!ordered)
        {
            expected = [.. expected.OrderBy(row => Order(row.Select(cell => cell.Text)), StringComparer.Ordinal)];
            actual = [.. actual.OrderBy(Order, StringComparer.Ordinal)];
        }

        Assert.Equal(expected.Count, actual.Count);
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.True(
                expected[row].Length == actual[row].Length
                && expected[row].Zip(actual[row]).All(pair => AreSame(pair.First, pair.Second)),
                $"Row {row} is [{string.Join(", ", actual[row])}] and not ["
                + $"{string.Join(", ", expected[row].Select(cell => cell.Text))}]: {sql}");
        }
    }

    public void Dispose() => connection.Dispose();

    // Doubles that differ in their last digits must not change places.
    private static string Order(IEnumerable<string?> row) => string.Join('|', row.Select(text => text switch
    {
        null => "\0",
        "nan" or "NaN" or "inf" or "Infinity" or "-inf" or "-Infinity" => text.ToLowerInvariant()[..3],
        _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) =>
            number.ToString("E6", CultureInfo.InvariantCulture),
        _ => text,
    }));

    private static bool AreSame((string Type, string? Text) expected, string? actual)
    {
        if (expected.Text is null || actual is null || expected.Type is not ("DOUBLE" or "FLOAT"))
        {
            // Times are ISO 8601 in a result.
            return (expected.Type == "TIMESTAMP" ? expected.Text?.Replace(' ', 'T') : expected.Text) == actual;
        }

        var (one, other) = (Number(expected.Text), Number(actual));
        return one.Equals(other) || Math.Abs(one - other) <= 1e-9 * Math.Max(1, Math.Abs(one));
    }

    private static double Number(string text) => text.ToLowerInvariant() switch
    {
        "nan" => double.NaN,
        "inf" or "infinity" => double.PositiveInfinity,
        "-inf" or "-infinity" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string? Text(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => cell.GetString(),
        _ => cell.GetRawText(),
    };

    private List<T> Read<T>(string sql, Func<DuckDBDataReader, T> row) => connection.Read(sql, row);
}
