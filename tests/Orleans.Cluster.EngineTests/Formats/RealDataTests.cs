using System.Globalization;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats;

/// <summary>Data that others wrote, with answers that others gave.</summary>
public sealed class RealDataTests : IDisposable
{
    private readonly EngineHarness harness = new();

    public void Dispose() => harness.Dispose();

    [Theory]
    [InlineData("comma_in_quotes")]
    [InlineData("empty")]
    [InlineData("empty_crlf")]
    [InlineData("escaped_quotes")]
    [InlineData("json")]
    [InlineData("newlines")]
    [InlineData("newlines_crlf")]
    [InlineData("quotes_and_newlines")]
    [InlineData("simple")]
    [InlineData("simple_crlf")]
    [InlineData("utf8")]
    public async Task Convert_CsvSpectrum_EqualsItsTwin(string name)
    {
        var folder = SharedData.Require("csv-spectrum");
        using var twin = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "json", $"{name}.json")));
        var expected = twin.RootElement.EnumerateArray()
            .Select(row => string.Join('|', row.EnumerateObject().Select(field => $"{field.Name}={Lines(field.Value)}")));
        var source = new SourceSpec { Path = [Path.Combine(folder, "csvs", $"{name}.csv")] };

        foreach (var partitions in new[] { 1, 2, 5 })
        {
            var result = await harness.Run(new JobSpec
            {
                Operation = OperationKind.Convert,
                Source = source,
                Partitioning = new PartitioningSpec { MinPartitions = partitions },
            });

            var names = result.GetProperty("columns")
                .EnumerateArray().Select(column => column.GetProperty("name").GetString()).ToList();
            var rows = result.GetProperty("rows")
                .EnumerateArray()
                .Select(row => string.Join('|', row.EnumerateArray().Zip(names, (value, column) => $"{column}={Lines(value)}")));
            Assert.Equal(expected, rows);
        }
    }

    [Theory]
    [InlineData("1")]
    [InlineData("10")]
    [InlineData("boundaries")]
    [InlineData("complex-utf8")]
    [InlineData("rounding")]
    [InlineData("shortest")]
    public async Task Aggregate_BillionRowChallenge_IsByteEqualHoweverItIsCut(string name)
    {
        var folder = SharedData.Require("1brc");
        var expected = await File.ReadAllTextAsync(Path.Combine(folder, $"measurements-{name}.out"));
        var source = new SourceSpec
        {
            Path = [Path.Combine(folder, $"measurements-{name}.txt")],
            Options = new SourceOptions
            {
                Delimiter = ";", Header = false,
                Columns = new Dictionary<string, string> { ["station"] = "VARCHAR", ["temperature"] = "DECIMAL(9,1)" },
            },
        };

        foreach (var partitions in new[] { 1, 2, 7 })
        {
            var result = await harness.Run(new JobSpec
            {
                Operation = OperationKind.Sql,
                Source = source,
                Partitioning = new PartitioningSpec { MinPartitions = partitions },
                Parameters = JsonSerializer.SerializeToElement(new
                {
                    // Half up, also below zero, of the exact sum of tenths.
                    query = """
                        SELECT station, min(temperature) AS lowest, CAST(floor(sum(temperature) * 10 / count(*) + 0.5) AS BIGINT) AS tenths,
                               max(temperature) AS highest FROM source GROUP BY station ORDER BY station
                        """,
                }),
            });

            var stations = result.GetProperty("rows").EnumerateArray().Select(row =>
                $"{row[0].GetString()}={row[1].GetString()}/"
                + $"{(row[2].GetInt64() / 10m).ToString("0.0", CultureInfo.InvariantCulture)}/{row[3].GetString()}");
            Assert.Equal(expected.TrimEnd('\n'), $"{{{string.Join(", ", stations)}}}");
        }
    }

    // One twin names CR LF where its file, as it is passed on today, has LF.
    private static string Lines(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? "NULL" : value.ToString().Replace("\r\n", "\n", StringComparison.Ordinal);
}
