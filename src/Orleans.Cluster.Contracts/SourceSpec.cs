using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>One input: which files, and how to read them.</summary>
public sealed record SourceSpec
{
    /// <summary>
    /// Paths or globs inside the data roots; relative ones are relative to the first root. One string or a list in JSON.
    /// </summary>
    [JsonConverter(typeof(OneOrManyJsonConverter))]
    public IReadOnlyList<string> Path { get; init; } = [];

    /// <summary>
    /// In place of paths: a job whose result is read, with its types. One that has not ended is waited for as if <c>dependsOn</c>
    /// named it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JobId? Job { get; init; }

    /// <summary>Format of all files; <c>AUTO</c> looks at their content and names.</summary>
    [DefaultValue(SourceFormat.Auto)]
    public SourceFormat Format { get; init; }

    /// <summary>What is known of the dialect; what is null is found out.</summary>
    public SourceOptions Options { get; init; } = new();
}

/// <summary>Format of an input.</summary>
public enum SourceFormat
{
    /// <summary>Find out.</summary>
    Auto = 0,

    /// <summary>Delimited text, comma unless told or found otherwise.</summary>
    Csv = 1,

    /// <summary>Delimited text, tab unless told otherwise.</summary>
    Tsv = 2,

    /// <summary>Apache Parquet.</summary>
    Parquet = 3,

    /// <summary>JSON documents: an array of objects, one object, or several after each other.</summary>
    Json = 4,

    /// <summary>One JSON object a line.</summary>
    Ndjson = 5,
}

/// <summary>Compression of an input file.</summary>
public enum SourceCompression
{
    /// <summary>By the first bytes of each file.</summary>
    Auto = 0,

    /// <summary>Plain.</summary>
    None = 1,

    /// <summary>RFC 1952, one member or many.</summary>
    Gzip = 2,

    /// <summary>gzip in blocks that can be read apart (BGZF).</summary>
    Bgzf = 3,

    /// <summary>Zstandard frames.</summary>
    Zstd = 4,
}

/// <summary>What the user knows of the dialect. Null means: find out.</summary>
public sealed record SourceOptions
{
    /// <summary>
    /// Field delimiter of delimited text, one to four characters; <c>whitespace</c> for runs of spaces and tabs, those at both
    /// ends of a line left out.
    /// </summary>
    [RegularExpression("^(.{1,4}|whitespace)$")]
    public string? Delimiter { get; init; }

    /// <summary>Whether the first line names the columns.</summary>
    public bool? Header { get; init; }

    /// <summary>Quote character; an empty string for none.</summary>
    [MaxLength(1)]
    public string? Quote { get; init; }

    /// <summary>Escape character inside quotes; the quote itself when null.</summary>
    [MaxLength(1)]
    public string? Escape { get; init; }

    /// <summary>Lines before the header that begin with this are skipped; an empty string for none.</summary>
    [MaxLength(16)]
    public string? Comment { get; init; }

    /// <summary>Unquoted words that mean NULL; the empty field when null.</summary>
    public IReadOnlyList<string>? NullValues { get; init; }

    /// <summary>
    /// Declared columns, name to DuckDB type, in file order when the file has no header. They win over what is found.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Columns { get; init; }

    /// <summary>Compression of all files.</summary>
    [DefaultValue(SourceCompression.Auto)]
    public SourceCompression Compression { get; init; }

    /// <summary>
    /// Text encoding: <c>utf-8</c>, <c>utf-16</c>, <c>latin-1</c>, <c>windows-1252</c>; found out when null (UTF-8 unless a byte
    /// order mark says otherwise).
    /// </summary>
    [AllowedValues("utf-8", "utf-16", "utf-16le", "utf-16be", "latin-1", "windows-1252", null)]
    public string? Encoding { get; init; }

    /// <summary>Whether <c>key=value</c> folders become columns; found out when null.</summary>
    public bool? HivePartitioning { get; init; }

    /// <summary>JSON and NDJSON: what a key means that no column has.</summary>
    [DefaultValue(UnknownKeys.Conflict)]
    public UnknownKeys UnknownKeys { get; init; }

    /// <summary>Lines at the start of each text file that are skipped whatever they hold; 0 to 10,000, none when null.</summary>
    [Range(0, 10_000)]
    public int? SkipLines { get; init; }

    /// <summary>
    /// Lines of the header of each text file, 1 to 100; the first of them has the names, the others are skipped. Implies a
    /// header.
    /// </summary>
    [Range(1, 100)]
    public int? HeaderLines { get; init; }

    /// <summary>Decimal separator of numbers in text: <c>.</c>, also when null, or <c>,</c>.</summary>
    [AllowedValues(".", ",", null)]
    public string? Decimal { get; init; }

    /// <summary>What becomes of files that differ in their columns.</summary>
    [DefaultValue(FileUnion.Strict)]
    public FileUnion Union { get; init; }
}

/// <summary>What becomes of files of one dataset that differ in their columns.</summary>
public enum FileUnion
{
    /// <summary>They are refused: every file has the same columns under the same types, in any order.</summary>
    Strict = 0,

    /// <summary>Columns are joined by name: one that a file lacks is NULL there. Types must be the same.</summary>
    ByName = 1,

    /// <summary>As <see cref="ByName"/>, and a column gets the type that holds the values of all files.</summary>
    Widen = 2,
}

/// <summary>What a key of a JSON object means that no column has: columns are found from a sample, which may lack it.</summary>
public enum UnknownKeys
{
    /// <summary>The job fails with <c>schema-conflict</c>, which names the key and its place.</summary>
    Conflict = 0,

    /// <summary>The record is a bad row, for <c>onBadRow</c> to decide.</summary>
    BadRow = 1,

    /// <summary>The key is passed over.</summary>
    Ignore = 2,
}

/// <summary>A string or a list of strings in JSON; always a list here.</summary>
public sealed class OneOrManyJsonConverter : JsonConverter<IReadOnlyList<string>>
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            ? [reader.GetString()!]
            : JsonSerializer.Deserialize<string[]>(ref reader, options)
                ?? throw new JsonException("A path is a string or a list of strings.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        if (value.Count == 1)
        {
            writer.WriteStringValue(value[0]);
            return;
        }

        JsonSerializer.Serialize(writer, value, options);
    }
}
