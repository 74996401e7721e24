using System.Globalization;
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

    // The engine takes a page of so many bytes for the dictionary of each text column while it writes it, however few its values.
    private const long DictionaryBytes = 1 << 20;
    private const long LeastDictionaryBytes = 4 << 10;

    /// <summary>
    /// What COPY to Parquet is told besides, of columns that so much memory is there for: smaller pages for the dictionaries of
    /// text, where all of them would take more than an eighth of it. Columns with more different text are written without one.
    /// </summary>
    public static string Dictionaries(IEnumerable<ColumnSchema> columns, long memoryBytes)
    {
        var texts = columns.Count(column => column.Type.Contains("VARCHAR", StringComparison.Ordinal));
        var bytes = Math.Max(LeastDictionaryBytes, memoryBytes / 8 / Math.Max(1, texts));
        return bytes < DictionaryBytes
            ? string.Create(CultureInfo.InvariantCulture, $", STRING_DICTIONARY_PAGE_SIZE_LIMIT {bytes}")
            : "";
    }

    /// <summary>Options of COPY for files of such columns, written with so much memory.</summary>
    public string OptionsFor(IEnumerable<ColumnSchema> columns, long memoryBytes) =>
        Format == OutputFormat.Parquet ? Options + Dictionaries(columns, memoryBytes) : Options;

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
