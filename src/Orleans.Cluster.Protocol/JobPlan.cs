using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>What was decided for a job: stored once with it, never changed. It depends on the data and the spec alone.</summary>
public sealed record JobPlan
{
    /// <summary>
    /// Code of a warning: the query has no meaning over the wider types that values ask for; the guessed ones hold.
    /// </summary>
    public const string GuessKept = "guess-kept";

    /// <summary>
    /// Code of a warning: nothing decides whether the first record of a file is a header. A row more or fewer depends on it.
    /// </summary>
    public const string HeaderDoubtful = "header-doubtful";

    /// <summary>Code of a warning: words such as NA make a column text that is numbers otherwise.</summary>
    public const string NullWords = "null-words";

    /// <summary>Code of a warning: what parts the fields of a file is a guess.</summary>
    public const string DelimiterDoubtful = "delimiter-doubtful";

    /// <summary>Datasets by the name that queries use.</summary>
    public required IReadOnlyDictionary<string, PlannedDataset> Datasets { get; init; }

    /// <summary>Stages in an order in which each comes after its inputs. The last one makes the result.</summary>
    public required IReadOnlyList<StagePlan> Stages { get; init; }

    /// <summary>Columns of the result; where its last stage has <see cref="StagePlan.KeyColumns"/>, those before them.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Tables of the result beside its rows, by their names: the stages that make them, each with one file.</summary>
    public IReadOnlyDictionary<string, int> Tables { get; init; } = new Dictionary<string, int>();

    /// <summary>The whole query that the stages compute together.</summary>
    public required string Query { get; init; }

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<PlanWarning> Warnings { get; init; } = [];
}

/// <summary>A dataset as a plan reads it.</summary>
public sealed record PlannedDataset
{
    /// <summary>Format of all files.</summary>
    public required SourceFormat Format { get; init; }

    /// <summary>Dialect of delimited text.</summary>
    public TextDialect? Dialect { get; init; }

    /// <summary>Keys of JSON and their columns; null for other formats.</summary>
    public JsonLayout? Json { get; init; }

    /// <summary>Its one schema.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>
    /// Columns whose types were declared; a value may prove those of the others too narrow. Null: no type may change.
    /// </summary>
    public IReadOnlyList<string>? DeclaredColumns { get; init; }

    /// <summary>Partitions in the order of the data; empty when every file is empty.</summary>
    public required IReadOnlyList<DataPartition> Partitions { get; init; }

    /// <summary>Bytes in all, as stored.</summary>
    public required long TotalBytes { get; init; }

    /// <summary>Rows in all, exact where known.</summary>
    public long EstimatedRows { get; init; }

    /// <summary>
    /// Some of it are streams that only one task could read: a first stage inflates it and cuts it into pieces of so many bytes.
    /// Null: none are.
    /// </summary>
    public long? PieceBytes { get; init; }

    /// <summary>Bytes of text in all, where streams are inflated; an estimate.</summary>
    public long InflatedBytes { get; init; }

    /// <summary>What the query's condition left out; null when nothing.</summary>
    public PrunedFiles? Pruned { get; init; }

    /// <summary>The dataset with other types of some columns; no type is a guess then.</summary>
    public PlannedDataset WithTypes(IEnumerable<WiderType> types)
    {
        var byColumn = types.ToDictionary(type => type.Column, type => type.Type, StringComparer.OrdinalIgnoreCase);
        return this with
        {
            Columns = [.. Columns.Select(column => column with { Type = byColumn.GetValueOrDefault(column.Name, column.Type) })],
            DeclaredColumns = null,
        };
    }
}

/// <summary>A slice of a dataset that one task reads.</summary>
public sealed record DataPartition
{
    /// <summary>Its number, which is its place in the order of the data.</summary>
    public required int Index { get; init; }

    /// <summary>What it reads, in order.</summary>
    public required IReadOnlyList<FileSlice> Slices { get; init; }

    /// <summary>Bytes as stored.</summary>
    public required long Bytes { get; init; }

    /// <summary>Rows, estimated or exact.</summary>
    public long EstimatedRows { get; init; }
}

/// <summary>
/// One stage: the same query over each of its partitions. Its partitions come from its inputs: as many as the dataset that it
/// scans by <see cref="InputMode.Partition"/>; as the chunks of the stage that it reads by <see cref="InputMode.Chunk"/>; as the
/// targets of the exchanges that it reads by <see cref="InputMode.Target"/> (neighbouring small targets join into one task); else
/// one.
/// </summary>
public sealed record StagePlan
{
    /// <summary>Its number in the plan.</summary>
    public required int Index { get; init; }

    /// <summary>A word for people: scan, partial, merge, join, sort, ...</summary>
    public required string Name { get; init; }

    /// <summary>What its tasks do.</summary>
    public TaskKind Kind { get; init; }

    /// <summary>
    /// One SELECT over the names of its inputs. Rows keep the order of the first input unless it says otherwise.
    /// </summary>
    public required string Query { get; init; }

    /// <summary>
    /// Of a query that groups rows: what a task runs instead whose rows are of as many groups; null where there is nothing.
    /// </summary>
    public UngroupedQuery? Ungrouped { get; init; }

    /// <summary>What the query reads.</summary>
    public required IReadOnlyList<StageInput> Inputs { get; init; }

    /// <summary>Where the rows go.</summary>
    public required TaskOutput Output { get; init; }

    /// <summary>Columns that the query gets when it runs; null for none.</summary>
    public KeyColumns? KeyColumns { get; init; }

    /// <summary>Columns of the rows, without the target column.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>
    /// Whether no partition may be halved: its task puts the rows of a slice in order, and the halves' rows would not be in it.
    /// </summary>
    public bool IsWhole { get; init; }

    /// <summary>
    /// Engine threads of its task at most; more than one only where the rows are the same to the bit, and in the same order,
    /// however many there are. How many there are in the end depends on the processors that are idle when it begins.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>
    /// Of a query that groups rows and gives them no order: when its rows get one, without which they are made by one thread.
    /// Null for never.
    /// </summary>
    public FewGroups? FewGroups { get; init; }

    /// <summary>Bytes that it reads, estimated.</summary>
    public long EstimatedBytes { get; init; }

    /// <summary>Rows that it writes, estimated; null in plans of versions that kept no estimate.</summary>
    public long? EstimatedRows { get; init; }

    /// <summary>Bytes of these rows in memory, estimated.</summary>
    public long? EstimatedRowBytes { get; init; }

    /// <summary>Why it is as it is: why broadcast or exchange, what could not be spread.</summary>
    public string? Note { get; init; }
}

/// <summary>
/// Where the first rows are of few groups, these are put in order, so that several threads may make them; else an order that
/// nobody asked for might cost more than threads save. So each attempt comes to the same.
/// </summary>
/// <param name="OrderBy">Numbers of columns, as in <c>ORDER BY 1, 2</c>: no two rows are alike in all of them.</param>
/// <param name="Keys">The keys of all rows.</param>
public sealed record FewGroups(string OrderBy, string Keys);

/// <summary>The other way of a stage that groups rows before they are sent: to send each by itself.</summary>
/// <param name="Query">Its rows have the columns of the groups.</param>
/// <param name="Keys">
/// The keys of all rows. A task looks at the first of them: where hardly two are equal, groups would be as many as rows. So
/// each attempt of it comes to the same.
/// </param>
public sealed record UngroupedQuery(string Query, string Keys);
