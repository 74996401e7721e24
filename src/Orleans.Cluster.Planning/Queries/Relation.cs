using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Rows that one stage can compute: what stands behind FROM in its query, and the inputs that this text reads. Nothing is written
/// until the relation becomes a stage, so filters, projections and joins with broadcast tables pile up in one query.
/// </summary>
internal sealed record Relation
{
    /// <summary>Of rows whose columns may be anything.</summary>
    public static readonly IReadOnlyDictionary<string, string> NoOrigins = new Dictionary<string, string>();

    /// <summary>A quoted table name, or a SELECT in parentheses.</summary>
    public required string Source { get; init; }

    /// <summary>Columns with their types in a query, which may differ from the types in a file.</summary>
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }

    /// <summary>Tables that the text names.</summary>
    public required IReadOnlyList<RelationInput> Inputs { get; init; }

    /// <summary>How rows lie in the stage's tasks.</summary>
    public required Spread Spread { get; init; }

    /// <summary>How much it is, estimated.</summary>
    public required SizeEstimate Size { get; init; }

    /// <summary>Why it is computed so, for the plan.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Upper bounds of distinct values, by column; they only guide estimates.</summary>
    public IReadOnlyDictionary<string, double> Distinct { get; init; } = new Dictionary<string, double>();

    /// <summary>Columns that are those of the partitioned dataset as it has them, with their names there.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = NoOrigins;

    /// <summary>Whether the partitions that it reads must stay as they are planned.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Stages that have all values of a column, by column; exact, so a SELECT around the rows forgets them.</summary>
    public IReadOnlyDictionary<string, KeySource> KeySources { get; init; } = NoSources;

    /// <summary>Whether it is what an earlier stage wrote, with nothing left to compute.</summary>
    public bool IsStored { get; init; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlySet<string> Names => Columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The columns of such names, exactly as they are spelled.</summary>
    public IReadOnlyList<ColumnSchema> ColumnsOf(IEnumerable<string> names)
    {
        var byName = Columns.ToLookup(column => column.Name, StringComparer.Ordinal);
        return [.. names.Select(name => byName[name].First())];
    }

    /// <summary>Where columns of other names come from that have the same values.</summary>
    public IReadOnlyDictionary<string, string> OriginsOf(IEnumerable<(string From, string To)> columns) =>
        columns.Where(pair => Origins.ContainsKey(pair.From))
            .ToDictionary(pair => pair.To, pair => Origins[pair.From], StringComparer.OrdinalIgnoreCase);

    /// <summary>Distinct values of a column at most; of no column, as many as rows.</summary>
    public double DistinctOf(string? column) =>
        column is not null && Distinct.TryGetValue(column, out var count) ? Math.Max(1, count) : Math.Max(1, Size.Rows);

    /// <summary>The same rows, with more tables for the query to read.</summary>
    public Relation With(IEnumerable<RelationInput> inputs) =>
        this with { Inputs = [.. Inputs.Concat(inputs).DistinctBy(input => input.Input.Name)] };

    /// <summary>The same rows, of which a task may take a part of a target's when there are far too many.</summary>
    public Relation Splittable() => WithSplit(true);

    /// <summary>The same rows, with those of equal keys in one task whatever happens; called by whoever relies on that.</summary>
    public Relation Pinned() => WithSplit(false);

    /// <summary>Of no column.</summary>
    public static IReadOnlyDictionary<string, KeySource> NoSources { get; } = new Dictionary<string, KeySource>();

    private Relation WithSplit(bool split) => this with
    {
        Inputs = [.. Inputs.Select(input => input.Input.Mode == InputMode.Target
            ? input with { Input = input.Input with { MaySplit = split } } : input)],
    };
}

/// <summary>A stage input with its columns as stored.</summary>
internal sealed record RelationInput(StageInput Input, IReadOnlyList<ColumnSchema> Columns, long Bytes);

/// <summary>How the rows of a relation lie in the tasks of a stage.</summary>
internal abstract record Spread
{
    /// <summary>All in one task.</summary>
    public sealed record One : Spread;

    /// <summary>In tasks of which nothing is known but that each row is in one.</summary>
    public sealed record Parts : Spread;

    /// <summary>
    /// By the hash of key columns: rows with equal keys are in one task. Each key has the names of columns that hold it and the
    /// type that was hashed.
    /// </summary>
    public sealed record Hashed(IReadOnlyList<HashKey> Keys, int Targets) : Spread;
}

/// <summary>One hashed key: columns that are equal to it in every row, and the type of its hash.</summary>
internal sealed record HashKey(IReadOnlyList<string> Columns, string Type);

/// <summary>Rows and bytes in memory, estimated from rows and types.</summary>
internal readonly record struct SizeEstimate(double Rows, long Bytes)
{
    /// <summary>A part of it.</summary>
    public SizeEstimate Times(double share) => new(Rows * share, (long)(Bytes * share));

    /// <summary>The same rows with other columns.</summary>
    public SizeEstimate WithColumns(IReadOnlyList<ColumnSchema> columns, double textWidth) => OfRows(Rows, columns, textWidth);

    /// <summary>So many rows of such columns.</summary>
    public static SizeEstimate OfRows(double rows, IEnumerable<ColumnSchema> columns, double textWidth) =>
        new(rows, (long)(rows * columns.Sum(column => StoredTypes.Width(column.Type, textWidth))));
}
