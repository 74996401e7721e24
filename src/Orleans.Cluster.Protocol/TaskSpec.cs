using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>All that an executor needs to run one attempt; it looks nothing up.</summary>
public sealed record TaskSpec
{
    /// <summary>A function without arguments that queries of stages may call: the number of the task's partition.</summary>
    public const string PartitionFunction = "__partition";

    /// <summary>The sequence of which each round of a recursive query draws a number; it ends, and so does the query.</summary>
    public const string RecursionRounds = "__recursion_rounds";

    /// <summary>The same for each row that a recursive part makes.</summary>
    public const string RecursionRows = "__recursion_rows";

    /// <summary>
    /// How folders begin that an executor keeps beside the scratch folders of its tasks, for as long as it lives: whoever ends it
    /// removes them.
    /// </summary>
    /// <param name="executor">Number of the executor's process.</param>
    public static string EngineFolderPrefix(int executor) => $"engine-{executor}-";

    /// <summary>Which attempt this is. Names its files.</summary>
    public required AttemptId Attempt { get; init; }

    /// <summary>What kind of work it is.</summary>
    public TaskKind Kind { get; init; }

    /// <summary>One SELECT over the names of <see cref="Inputs"/>. Ignored by <see cref="TaskKind.Rechunk"/>.</summary>
    public required string Query { get; init; }

    /// <summary>What is run instead where the query would make as many groups as there are rows; null for nothing.</summary>
    public UngroupedQuery? Ungrouped { get; init; }

    /// <summary>When the rows get an order; null for never. Without one they are made by one thread.</summary>
    public FewGroups? FewGroups { get; init; }

    /// <summary>Columns that the query gets when it runs; null for none.</summary>
    public KeyColumns? KeyColumns { get; init; }

    /// <summary>Tables that the query sees.</summary>
    public required IReadOnlyList<TaskInput> Inputs { get; init; }

    /// <summary>What becomes of the rows.</summary>
    public required TaskOutput Output { get; init; }

    /// <summary>
    /// Folder of this attempt alone; made by the executor, which writes nowhere else but in <see cref="ScratchFolder"/>.
    /// </summary>
    public required string AttemptFolder { get; init; }

    /// <summary>Local folder for spilled and staged data, emptied when the attempt ends.</summary>
    public required string ScratchFolder { get; init; }

    /// <summary>Memory that the executor may use in all; the engine gets a share of it.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>
    /// Engine threads at most: more than 1 only where the rows and their order are the same to the bit with any number. Taken are
    /// as many as processors of the machine are idle.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>What happens to a row that does not fit.</summary>
    public BadRowPolicy OnBadRow { get; init; }

    /// <summary>Bytes that the attempt may spill and stage locally; null for no limit.</summary>
    public long? ScratchBytes { get; init; }

    /// <summary>Leave to read those of the slices' files that are objects of a store; null when none are.</summary>
    public ObjectGrant? Grant { get; init; }

    /// <summary>
    /// Whether what is written must outlast a power cut once the task is answered; false where the worker puts it elsewhere
    /// first.
    /// </summary>
    public bool IsDurable { get; init; } = true;

    /// <summary>Artifacts of earlier stages that it reads.</summary>
    [JsonIgnore]
    public IEnumerable<ArtifactRef> Artifacts => Inputs.SelectMany(
        input => input.Exchange?.Files ?? [.. input.Scan!.Slices.Select(slice => slice.Artifact).OfType<ArtifactRef>()]);

    /// <summary>All files that it reads, artifacts too.</summary>
    [JsonIgnore]
    public IEnumerable<FileStamp> Files => SourceFiles.Concat(Artifacts.Select(file => file.Stamp));

    /// <summary>The files that its scans read.</summary>
    [JsonIgnore]
    public IEnumerable<FileStamp> SourceFiles =>
        Inputs.Where(input => input.Scan is not null).SelectMany(input => input.Scan!.Slices).Select(slice => slice.File.Stamp);
}

/// <summary>What kind of work a task is.</summary>
public enum TaskKind
{
    /// <summary>Run the query over the inputs, write its rows.</summary>
    Query = 0,

    /// <summary>
    /// Inflate one stream and cut it at record starts into pieces that can be read apart (raw text, one file a piece).
    /// </summary>
    Rechunk = 1,
}

/// <summary>One table that a task's query sees. Exactly one of the two is set.</summary>
/// <param name="Name">Name in the query.</param>
/// <param name="Scan">Slices of a dataset.</param>
/// <param name="Exchange">Artifacts of earlier stages.</param>
public sealed record TaskInput(string Name, ScanInput? Scan, ExchangeInput? Exchange);

/// <summary>Slices of one dataset. Rows are read in order of the slices, each in file order.</summary>
public sealed record ScanInput
{
    /// <summary>Format of all slices.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>Dialect of delimited text.</summary>
    public TextDialect? Dialect { get; init; }

    /// <summary>Keys of JSON and their columns; null for other formats.</summary>
    public JsonLayout? Json { get; init; }

    /// <summary>The dataset's columns; every slice is read with them and nothing is found out.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>What of the columns' types is a guess; null where they hold.</summary>
    public GuessedTypes? Guesses { get; init; }

    /// <summary>Columns that the query uses, for the reader to leave out the others; null for all.</summary>
    public IReadOnlyList<string>? UsedColumns { get; init; }

    /// <summary>The slices.</summary>
    public required IReadOnlyList<FileSlice> Slices { get; init; }

    /// <summary>The dialect of one of its files; null unless it is delimited text.</summary>
    public TextDialect? DialectOf(SourceFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Format is SourceFormat.Csv or SourceFormat.Tsv ? file.Dialect ?? Dialect : null;
    }
}

/// <summary>Types that samples showed and a value may prove too narrow: the task then fails with those that it found.</summary>
/// <param name="Dataset">The dataset, as the plan names it.</param>
/// <param name="Declared">Columns whose types were declared, not guessed.</param>
public sealed record GuessedTypes(string Dataset, IReadOnlyList<string> Declared)
{
    /// <summary>Whether the type of a column may change.</summary>
    public bool Has(string column) => !Declared.Contains(column, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A part of a file: bytes of text, rows of Parquet, or the whole of a stream.</summary>
public sealed record FileSlice
{
    /// <summary>
    /// The file as probed; a task fails with <see cref="FailureKind.SourceUnavailable"/> when size or time differ by then.
    /// </summary>
    public required SourceFile File { get; init; }

    /// <summary>First byte or row.</summary>
    public long Start { get; init; }

    /// <summary>Behind the last byte or row.</summary>
    public long End { get; init; }

    /// <summary>What <see cref="Start"/> and <see cref="End"/> count.</summary>
    public SliceUnit Unit { get; init; }

    /// <summary>Records in the slice where they are known; then reading another number is an error.</summary>
    public long? Rows { get; init; }

    /// <summary>Text: line number at <see cref="Start"/>, from 1.</summary>
    public long FirstLine { get; init; } = 1;

    /// <summary>
    /// For a piece of an inflated stream: the original file, which errors name. Null when the file is the original.
    /// </summary>
    public string? OriginPath { get; init; }

    /// <summary>For a piece of an inflated stream: its offset in the inflated text.</summary>
    public long OriginOffset { get; init; }

    /// <summary>For a piece of an inflated stream: the artifact that it is, whose content is checked.</summary>
    public ArtifactRef? Artifact { get; init; }

    /// <summary>BGZF: where the records are in the blocks; null for a whole file, and for plain text.</summary>
    public InflatedRange? Inflated { get; init; }
}

/// <summary>What a slice's borders count.</summary>
public enum SliceUnit
{
    /// <summary>Bytes of the file; of BGZF, offsets of blocks in the compressed file.</summary>
    Bytes = 0,

    /// <summary>Rows of the file.</summary>
    Rows = 1,
}

/// <summary>Files that earlier stages wrote, read in this order. No file means an empty table of these columns.</summary>
public sealed record ExchangeInput(IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<ArtifactRef> Files);

/// <summary>
/// An artifact as it was committed. <paramref name="Path"/> is absolute, or the address of an object; a reader that finds another
/// size or hash fails with <see cref="FailureKind.ArtifactLost"/>.
/// </summary>
/// <param name="Producer">Whose output it is, so that a lost one can be made again.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Lower-case hex of its content.</param>
public sealed record ArtifactRef(AttemptId Producer, string Path, long Rows, long Bytes, string Sha256)
{
    /// <summary>
    /// What is read of a file with rows for several targets: rows and bytes are those of it, and each of its blocks says whether
    /// it is whole. Null: all of a Parquet file, which its hash covers.
    /// </summary>
    public ExchangeSlice? Slice { get; init; }

    /// <summary>The file as whoever opens it names it; its hash says what it is, whatever its time.</summary>
    [JsonIgnore]
    public FileStamp Stamp => new(Path, Slice?.FileBytes ?? Bytes, default);
}

/// <summary>What becomes of a task's rows.</summary>
public sealed record TaskOutput
{
    /// <summary>Where they go.</summary>
    public required OutputKind Kind { get; init; }

    /// <summary>
    /// <see cref="OutputKind.Exchange"/>: number of target partitions. The query's last column, named <see cref="TargetColumn"/>,
    /// says which, in [0, Targets).
    /// </summary>
    public int Targets { get; init; } = 1;

    /// <summary>Name of the column that carries a row's target; it is not written.</summary>
    public const string TargetColumn = "__target";

    /// <summary><see cref="OutputKind.Result"/>: format of the files.</summary>
    public OutputFormat Format { get; init; } = OutputFormat.Parquet;

    /// <summary><see cref="OutputKind.Result"/>: codec, null for the format's default.</summary>
    public string? Compression { get; init; }

    /// <summary><see cref="OutputKind.Result"/>: columns that become folders.</summary>
    public IReadOnlyList<string> PartitionBy { get; init; } = [];

    /// <summary>
    /// <see cref="OutputKind.Result"/>: bytes after which a new file is begun. <see cref="TaskKind.Rechunk"/>: bytes of a piece.
    /// </summary>
    public long? FileBytes { get; init; }
}

/// <summary>How an attempt ended: with a manifest, or with a failure.</summary>
public sealed record TaskOutcome(TaskManifest? Manifest, AttemptFailure? Failure);

/// <summary>What an attempt wrote. Everything is on disk, synced, when this is answered.</summary>
[GenerateSerializer, Immutable, Alias("TaskManifest")]
public sealed record TaskManifest
{
    /// <summary>Rows read, from scans and from earlier stages, quarantined ones included.</summary>
    [Id(0)]
    public long RowsIn { get; init; }

    /// <summary>Bytes of source read (of the slice, as stored).</summary>
    [Id(1)]
    public long BytesIn { get; init; }

    /// <summary>Rows written.</summary>
    [Id(2)]
    public long RowsOut { get; init; }

    /// <summary>Rows set aside.</summary>
    [Id(3)]
    public long QuarantinedRows { get; init; }

    /// <summary>Files, in order; paths relative to the attempt's folder.</summary>
    [Id(4)]
    public IReadOnlyList<ArtifactFile> Files { get; init; } = [];

    /// <summary>Columns of the rows written.</summary>
    [Id(5)]
    public IReadOnlyList<ColumnSchema> Columns { get; init; } = [];

    /// <summary>What it cost.</summary>
    [Id(6)]
    public TaskCost Cost { get; init; } = new(0, 0, 0, 0);
}

/// <summary>One file of an attempt.</summary>
/// <param name="Path">Relative to the attempt's folder.</param>
/// <param name="Target">
/// Target partition of an exchange, number of a chunk, else 0; <see cref="QuarantineTarget"/> for the file of rows that were set
/// aside.
/// </param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">Lower-case hex of its content.</param>
/// <param name="Offset">Chunks: offset of the piece in the inflated text; else 0.</param>
/// <param name="FirstLine">Chunks: line number at the offset, from 1; else 0.</param>
/// <param name="Slice">Chunks: number of the task's slice that it is a piece of, from 0.</param>
/// <param name="Index">
/// An exchange in one file: the parts of all targets, as <see cref="ExchangeSlice.Format"/> writes them; else null.
/// </param>
/// <param name="Identity">
/// A file of a result: which file it was when it was whole and durable, by <see cref="Descriptors.IdentityOf"/>; else null.
/// </param>
[GenerateSerializer, Immutable, Alias("ArtifactFile")]
public sealed record ArtifactFile(
    [property: Id(0)] string Path, [property: Id(1)] int Target, [property: Id(2)] long Rows,
    [property: Id(3)] long Bytes, [property: Id(4)] string Sha256, [property: Id(5)] long Offset =
        0, [property: Id(6)] long FirstLine = 0,
    [property: Id(7)] int Slice = 0,
    [property: Id(8), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Index = null,
    [property: Id(9), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Identity = null)
{
    /// <summary>Target of the file that holds the rows that were set aside.</summary>
    public const int QuarantineTarget = -1;

    /// <summary>Whether it holds the rows that were set aside, and none of the result's.</summary>
    [JsonIgnore]
    public bool IsQuarantine => Target == QuarantineTarget;

    /// <summary>Rows of each target in it, by target: the parts of its index, or all of it.</summary>
    public IReadOnlyList<ExchangePart> Parts() =>
        Index is null ? [new ExchangePart(Target, 0, Bytes, Rows)] : ExchangeSlice.Parse(Index).Parts;
}

/// <summary>
/// What an attempt cost: processor seconds, largest resident size of the executor, bytes spilled, wall seconds, bytes staged on
/// local disk.
/// </summary>
[GenerateSerializer, Immutable, Alias("TaskCost")]
public sealed record TaskCost(
    [property: Id(0)] double CpuSeconds, [property: Id(1)] long PeakMemoryBytes, [property: Id(2)] long SpilledBytes,
    [property: Id(3)] double Seconds,
    [property: Id(4)] long StagedBytes = 0, [property: Id(5)] IReadOnlyList<OperatorCost>? Operators = null);

/// <summary>One operator of the engine in an attempt.</summary>
/// <param name="Parent">
/// Place in the list of the operator that its rows go to, which comes before it; null for the last one to run.
/// </param>
/// <param name="Name">The engine's word.</param>
/// <param name="Detail">What it works on, in short; null when the engine does not say.</param>
/// <param name="Seconds">Its own time.</param>
/// <param name="RowsIn">Rows of the operators below it.</param>
/// <param name="RowsOut">Rows that it made.</param>
[GenerateSerializer, Immutable, Alias("OperatorCost")]
public sealed record OperatorCost(
    [property: Id(0)] int? Parent, [property: Id(1)] string Name, [property: Id(2)] string? Detail,
    [property: Id(3)] double Seconds,
    [property: Id(4)] long RowsIn, [property: Id(5)] long RowsOut);

/// <summary>How far a running attempt is.</summary>
/// <param name="BytesDone">Bytes of its sources that it has read.</param>
/// <param name="RowsDone">Rows that it has read.</param>
/// <param name="BytesWritten">Bytes of its output that it has written, some of which may not count in the end.</param>
[GenerateSerializer, Immutable, Alias("TaskProgress")]
public sealed record TaskProgress(
    [property: Id(0)] long BytesDone, [property: Id(1)] long RowsDone, [property: Id(2)] long BytesWritten = 0);

/// <summary>A page of a result, to be written to a file.</summary>
/// <param name="Files">
/// Result files in order, all Parquet (or of <paramref name="SourceFormat"/> when the output was written so).
/// </param>
/// <param name="SourceFormat">Format of those files.</param>
/// <param name="Columns">Columns of the result.</param>
/// <param name="Offset">Rows to skip.</param>
/// <param name="Limit">Rows at most; null for all.</param>
/// <param name="Format">Form of the page.</param>
/// <param name="TargetPath">The file to write, in the caller's scratch folder.</param>
public sealed record ExportRequest(
    IReadOnlyList<ArtifactRef> Files, OutputFormat SourceFormat, IReadOnlyList<ColumnSchema> Columns,
    long Offset, long? Limit, ExportFormat Format, string TargetPath)
{
    /// <summary>
    /// Columns that are in the names of the files' folders (<see cref="FolderName"/>) instead of in the files, outermost first.
    /// </summary>
    public IReadOnlyList<string> FolderColumns { get; init; } = [];

    /// <summary>Leave to read those of the files that are objects; null when none are.</summary>
    public ObjectGrant? Grant { get; init; }

    /// <summary>Rows of the page and of the whole result, as the files were committed.</summary>
    public ExportedRows CountRows()
    {
        var total = Files.Sum(file => file.Rows);
        return new ExportedRows(Math.Max(0, Math.Min(total - Offset, Limit ?? long.MaxValue)), total);
    }
}

/// <summary>A page as written: rows in it and rows of the whole result.</summary>
public sealed record ExportedRows(long Rows, long TotalRows);
