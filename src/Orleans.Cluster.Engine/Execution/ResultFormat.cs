using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Values;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>How the engine writes files of an output's format.</summary>
/// <param name="Format">The format.</param>
/// <param name="Extension">Of the files, with the codec's.</param>
/// <param name="Options">Of COPY.</param>
internal sealed record ResultFormat(OutputFormat Format, string Extension, string Options)
{
    /// <summary>
    /// COPY options that write one column of text as it is, a line a row. JSON text holds no control character.
    /// </summary>
    public const string Lines = "FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER e'\\x01'";

    public static ResultFormat Of(TaskOutput output) => output.Format switch
    {
        OutputFormat.Csv => Text(output, ".csv", "FORMAT csv, HEADER true"),
        OutputFormat.Tsv => Text(output, ".tsv", "FORMAT csv, HEADER true, DELIMITER '\t'"),
        OutputFormat.Ndjson => Text(output, ".ndjson", Lines),
        _ => new(output.Format, ".parquet",
            $"FORMAT parquet, COMPRESSION "
            + $"{SqlText.Literal(output.Compression is "none" ? "uncompressed" : output.Compression ?? "zstd")}"),
    };

    /// <summary>A query of what COPY shall write. Nested values are JSON in delimited text.</summary>
    public string Select(string query, IReadOnlyList<ColumnSchema> columns) => Format switch
    {
        OutputFormat.Parquet => query,
        OutputFormat.Ndjson => JsonValues.Objects(columns, query),
        _ => $"SELECT {string.Join(", ", columns.Select(DelimitedValues.Written))} FROM ({query})",
    };

    /// <summary>Rows of a file, as a reader finds them.</summary>
    public long CountRows(
        DuckDbSession session, string path, IReadOnlyList<ColumnSchema> columns, CancellationToken cancellationToken)
    {
        var file = SqlText.Literal(path);
        return session.QueryInt64(
            Format switch
            {
                OutputFormat.Parquet => $"SELECT CAST(sum(num_rows) AS BIGINT) FROM parquet_file_metadata({file})",
                OutputFormat.Ndjson => $"SELECT count(*) FROM {DelimitedValues.ReadLines(file)}",
                _ => $"SELECT count(*) FROM {DelimitedValues.Read(file, columns, Format)}",
            },
            cancellationToken);
    }

    private static ResultFormat Text(TaskOutput output, string extension, string options) => output.Compression switch
    {
        "gzip" => new(output.Format, extension + ".gz", options + ", COMPRESSION gzip"),
        "zstd" => new(output.Format, extension + ".zst", options + ", COMPRESSION zstd"),
        null or "none" => new(output.Format, extension, options),
        var codec => new(output.Format, extension, $"{options}, COMPRESSION {SqlText.Literal(codec)}"),
    };
}
