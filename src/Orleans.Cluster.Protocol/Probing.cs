using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>What to look at. Paths are absolute, resolved and allowed; the silo has done that.</summary>
/// <param name="Source">Format and options as the user gave them.</param>
/// <param name="Files">All files of the dataset, in order.</param>
public sealed record ProbeRequest(SourceSpec Source, IReadOnlyList<FileStamp> Files)
{
    /// <summary>Leave to read those of the files that are objects of a store; null when none are.</summary>
    public ObjectGrant? Grant { get; init; }
}

/// <summary>A file or an object as it was listed. A task refuses one whose stamp is another one by then.</summary>
/// <param name="Path">Absolute path, or <c>s3://bucket/key</c>.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="ModifiedAt">When it was last written.</param>
public sealed record FileStamp(string Path, long Bytes, DateTimeOffset ModifiedAt)
{
    /// <summary>What the store calls the content of an object; null for a file.</summary>
    public string? ETag { get; init; }
}

/// <summary>A dataset as found: one format, one dialect, one schema.</summary>
public sealed record DatasetProbe
{
    /// <summary>Never <see cref="SourceFormat.Auto"/>.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>Dialect of delimited text; null for other formats.</summary>
    public TextDialect? Dialect { get; init; }

    /// <summary>Keys of JSON and their columns; null for other formats.</summary>
    public JsonLayout? Json { get; init; }

    /// <summary>
    /// Columns of every partition, whatever its file: declared ones as declared, the others widened over all samples.
    /// </summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>
    /// Columns whose types the user declared; those of the others were guessed from samples, and a value may prove them too
    /// narrow. Null where no type is a guess.
    /// </summary>
    public IReadOnlyList<string>? DeclaredColumns { get; init; }

    /// <summary>The files, in the order of the request.</summary>
    public required IReadOnlyList<SourceFile> Files { get; init; }

    /// <summary>What a user should know: skew, tiny files, a column that was widened.</summary>
    public IReadOnlyList<PlanWarning> Warnings { get; init; } = [];
}

/// <summary>How delimited text is written. All values are known; none is found out later.</summary>
public sealed record TextDialect
{
    /// <summary>The delimiter that stands for runs of spaces and tabs.</summary>
    public const string Whitespace = "whitespace";

    /// <summary>One to four characters.</summary>
    public required string Delimiter { get; init; }

    /// <summary>One character; empty for none.</summary>
    public required string Quote { get; init; }

    /// <summary>One character; empty for none. Equal to the quote when it doubles itself.</summary>
    public required string Escape { get; init; }

    /// <summary>Prefix of leading lines to skip; empty for none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>Whether the first record names the columns.</summary>
    public required bool Header { get; init; }

    /// <summary>How it is known whether there is a header.</summary>
    public HeaderEvidence HeaderHow { get; init; } = HeaderEvidence.Declared;

    /// <summary>Decimal separator of numbers: <c>.</c> or <c>,</c>.</summary>
    public string Decimal { get; init; } = ".";

    /// <summary>Words that mean NULL when they stand unquoted.</summary>
    public IReadOnlyList<string> NullValues { get; init; } = [""];

    /// <summary>Whether an empty line is a row, as in files of one column; otherwise it is skipped.</summary>
    public bool BlankLineIsRow { get; init; }

    /// <summary>
    /// Whether fields are separated by runs of spaces and tabs; those at both ends of a line mean nothing, and a line of them
    /// alone is blank.
    /// </summary>
    public bool IsWhitespace => Delimiter == Whitespace;

    /// <summary>Whether records are read alike by another dialect; where they begin in a file is the file's own.</summary>
    public bool ReadsAs(TextDialect other) =>
        other is not null && Delimiter == other.Delimiter && Quote == other.Quote && Escape == other.Escape
            && Decimal == other.Decimal
        && BlankLineIsRow == other.BlankLineIsRow && NullValues.SequenceEqual(other.NullValues);
}

/// <summary>One file of a dataset as found.</summary>
public sealed record SourceFile
{
    /// <summary>Path, size and time as listed.</summary>
    public required FileStamp Stamp { get; init; }

    /// <summary>Never <see cref="SourceCompression.Auto"/>.</summary>
    public SourceCompression Compression { get; init; } = SourceCompression.None;

    /// <summary>Text: <c>utf-8</c>, <c>utf-16le</c>, <c>utf-16be</c>, <c>latin-1</c> or <c>windows-1252</c>.</summary>
    public string Encoding { get; init; } = "utf-8";

    /// <summary>
    /// Text: offset in the inflated UTF-8 text (of plain text, in the file) of the first record, behind byte order mark, leading
    /// comments and header.
    /// </summary>
    public long DataStart { get; init; }

    /// <summary>Text: number of the line at <see cref="DataStart"/>, from 1.</summary>
    public long FirstLine { get; init; } = 1;

    /// <summary>Text: the dialect where it differs from the dataset's; null when the same.</summary>
    public TextDialect? Dialect { get; init; }

    /// <summary>
    /// Columns of this file in file order where they differ from the dataset's (union by name); null when the same.
    /// </summary>
    public IReadOnlyList<ColumnSchema>? Columns { get; init; }

    /// <summary>Columns that the file's folders give (<c>key=value</c>).</summary>
    public IReadOnlyDictionary<string, string>? HiveValues { get; init; }

    /// <summary>Rows, where the file says so.</summary>
    public long? RowCount { get; init; }

    /// <summary>Parquet: whether its pages have checksums, which a task verifies.</summary>
    public bool HasPageChecksums { get; init; }

    /// <summary>Parquet: row groups in order.</summary>
    public IReadOnlyList<RowGroup>? RowGroups { get; init; }

    /// <summary>Bytes when inflated, measured or estimated; equal to the file's size when plain.</summary>
    public long UncompressedBytes { get; init; }

    /// <summary>Estimated rows from samples.</summary>
    public long EstimatedRows { get; init; }

    /// <summary>Whether a byte range or a row range of it can be read alone.</summary>
    public bool Splittable { get; init; }
}

/// <summary>A part of a file that can be read alone.</summary>
public sealed record RowGroup(long Rows, long Bytes);

/// <summary>Byte offsets of one text file that shall become record starts.</summary>
/// <param name="File">The file as probed.</param>
/// <param name="Dialect">Null for NDJSON, whose records end at newlines alone.</param>
/// <param name="Cuts">Wanted borders inside (DataStart, End), rising; none is allowed, and then all of it is one range.</param>
/// <param name="End">Where a record is known to end, to read no further; null for the end of the file.</param>
public sealed record AlignRequest(SourceFile File, TextDialect? Dialect, IReadOnlyList<long> Cuts, long? End = null)
{
    /// <summary>Leave to read the file where it is an object of a store; else null.</summary>
    public ObjectGrant? Grant { get; init; }
}

/// <summary>
/// A range of whole records, [Start, End). Ranges that would be empty are left out; the others join without a gap.
/// </summary>
/// <param name="Start">Byte offset of its first record; of BGZF, of the block with it.</param>
/// <param name="End">Byte offset behind its last record; of BGZF, of the block in which the next range begins.</param>
/// <param name="Rows">Records in it, blank lines that are not rows left out; null where only reading tells.</param>
/// <param name="FirstLine">Line number at its first record, from 1.</param>
/// <param name="Inflated">BGZF: where its records are in the blocks; null for plain text.</param>
public sealed record AlignedRange(long Start, long End, long? Rows, long FirstLine, InflatedRange? Inflated = null);

/// <summary>Records in blocks of BGZF, which begin and end inside of blocks.</summary>
/// <param name="Lead">Bytes of text in the first block that belong to the range before.</param>
/// <param name="Start">Offset of the first record in the inflated text of the file.</param>
/// <param name="Bytes">Bytes of text; the last of them may be in the block that begins where the range ends.</param>
public sealed record InflatedRange(long Lead, long Start, long Bytes);
