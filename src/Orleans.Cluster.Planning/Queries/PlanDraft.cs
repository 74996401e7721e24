using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>A plan being made: the datasets, the engine's parser and binder, and the stages decided so far.</summary>
internal sealed class PlanDraft(
    ISqlEngine engine, IReadOnlyDictionary<string, PlannedDataset> datasets, PlanLimits limits,
    CancellationToken cancellationToken)
{
    private const int ExpressionsAtOnce = 1000;
    private readonly List<StagePlan> stages = [];
    private readonly HashSet<string> inputNames = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IReadOnlyList<ColumnSchema>> bound = new(StringComparer.Ordinal);
    private int numbers;

    /// <summary>Datasets by name.</summary>
    public IReadOnlyDictionary<string, PlannedDataset> Datasets { get; private set; } =
        new Dictionary<string, PlannedDataset>(datasets, StringComparer.OrdinalIgnoreCase);

    /// <summary>Partitions of the dataset that has most.</summary>
    public int MostPartitions => Datasets.Values.Max(dataset => dataset.Partitions.Count);

    /// <summary>Sizes that decide between one task and many.</summary>
    public PlanLimits Limits { get; } = limits;

    /// <summary>
    /// Whether rows that do not fit are set aside: each dataset is read once then, so that each is counted once.
    /// </summary>
    public bool SetsRowsAside { get; init; }

    /// <summary>Stages so far.</summary>
    public IReadOnlyList<StagePlan> Stages => stages;

    /// <summary>Tables of the result beside its rows.</summary>
    public Dictionary<string, int> Tables { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a SELECT without FROM reads.</summary>
    public static Relation OneRow { get; } = new()
    {
        Source = $"(SELECT 1 AS {OwnName.One})",
        Columns = [new ColumnSchema(OwnName.One, "INTEGER")],
        Inputs = [],
        Spread = new Spread.One(),
        Size = new SizeEstimate(1, 4),
    };

    /// <summary>Derived tables that occur several times.</summary>
    public SharedTables Shared { get; set; } = SharedTables.None;

    /// <summary>Columns of the datasets, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> Columns => Datasets.ToDictionary(
        pair => pair.Key, pair => pair.Value.Columns, StringComparer.OrdinalIgnoreCase);

    /// <summary>What has been decided so far, to come back to.</summary>
    public int Mark() => stages.Count;

    /// <summary>
    /// Forgets the stages that were added since. Names of inputs stay taken, since relations that are no stage yet have them.
    /// </summary>
    public void Reset(int mark)
    {
        stages.RemoveRange(mark, stages.Count - mark);
        Shared.Reset(mark);
    }

    /// <summary>A number that no name of this plan has.</summary>
    public int NextNumber() => ++numbers;

    /// <summary>Parses one SELECT; the answer is its query node.</summary>
    public async Task<JsonObject> Parse(string sql) =>
        (JsonObject)SqlNodes.Statement(await engine.Parse(sql, cancellationToken))["node"]!.DeepClone();

    /// <summary>Which row groups a condition needs.</summary>
    public Task<JudgedRowGroups> Judge(RowGroupQuestion question) => engine.Judge(question, cancellationToken);

    /// <summary>Text of a query node.</summary>
    public Task<string> Render(JsonNode query) => engine.Render(SqlNodes.Tree(query), cancellationToken);

    /// <summary>Text of an expression, without its alias.</summary>
    public async Task<string> RenderExpression(JsonNode expression) => (await RenderExpressions([(JsonObject)expression]))[0];

    /// <summary>
    /// Texts of expressions, without their aliases. A question to the engine takes about as long for a thousand as for one.
    /// </summary>
    public async Task<IReadOnlyList<string>> RenderExpressions(IReadOnlyList<JsonObject> expressions)
    {
        var texts = expressions.Select(ColumnText).ToArray();
        foreach (var places in Enumerable.Range(0, texts.Length).Where(place => texts[place] is null).Chunk(ExpressionsAtOnce))
        {
            foreach (var (place, text) in places.Zip(await RenderTogether([.. places.Select(place => expressions[place])])))
            {
                texts[place] = text;
            }
        }

        return texts!;
    }

    // Most of what a wide table's query selects are its columns.
    private static string? ColumnText(JsonObject expression) => expression.IsClass("COLUMN_REF")
        ? string.Join('.', SqlNodes.ColumnNames(expression).Select(SqlText.Name))
        : null;

    // Each has an alias that nothing else in the text can hold, so the text is cut there.
    private async Task<IReadOnlyList<string>> RenderTogether(IReadOnlyList<JsonObject> expressions)
    {
        const string Before = "SELECT ";
        var mark = $"x{Guid.NewGuid():N}";
        var text = await Render(SqlNodes.SelectOf(expressions.Select((expression, index) =>
        {
            var marked = (JsonObject)expression.DeepClone();
            marked["alias"] = $"{mark}_{index}";
            return marked;
        })));
        var (texts, start) = (new List<string>(), Before.Length);
        for (var index = 0; index < expressions.Count; index++)
        {
            var end = $" AS {mark}_{index}";
            var at = text.IndexOf(end, start, StringComparison.Ordinal);
            if (at < 0)
            {
                throw new InvalidOperationException($"The engine rendered expressions as: {text}");
            }

            texts.Add(text[start..at]);
            start = at + end.Length + ", ".Length;
        }

        return texts;
    }

    /// <summary>
    /// Result columns of a query over the datasets. Asked once for each text: the engine takes a second over 20,000 columns.
    /// </summary>
    public async Task<IReadOnlyList<ColumnSchema>> Bind(string sql)
    {
        if (!bound.TryGetValue(sql, out var columns))
        {
            bound[sql] = columns = await Bind(sql, new Dictionary<string, IReadOnlyList<ColumnSchema>>());
        }

        return columns;
    }

    /// <summary>Result columns of a query over the datasets, and over other tables.</summary>
    public Task<IReadOnlyList<ColumnSchema>> Bind(
        string sql, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> others)
    {
        var tables = new Dictionary<string, IReadOnlyList<ColumnSchema>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, columns) in Columns.Concat(others))
        {
            tables[name] = columns;
        }

        return engine.Bind(tables, sql, cancellationToken);
    }

    /// <summary>Rows of a dataset as a stage reads them, one task a partition.</summary>
    /// <param name="name">Name of the dataset.</param>
    /// <param name="columns">Columns to read; all when null.</param>
    public Relation Scan(string name, IReadOnlyList<string>? columns = null)
    {
        var dataset = Datasets[name];
        var datasetName = Datasets.Keys.First(key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase));
        var spread = IsSpread(dataset);
        var read = columns is null ? dataset.Columns : Chosen(dataset, columns);
        IReadOnlyList<string>? used = read.Count == dataset.Columns.Count ? null : [.. read.Select(column => column.Name)];
        var input = dataset.PieceBytes is { } pieceBytes
            ? new StageInput(
                NewInputName(datasetName), null, RechunkStage(datasetName, dataset, pieceBytes), InputMode.Chunk, used)
            : new StageInput(NewInputName(datasetName), datasetName, null, spread ? InputMode.Partition : InputMode.All, used);
        var rows = dataset.EstimatedRows > 0 ? dataset.EstimatedRows : dataset.TotalBytes / 100.0;
        return new Relation
        {
            Source = SqlText.Name(input.Name),
            Columns = read,
            Inputs = [new RelationInput(input, read, ScanBytes(dataset, read))],
            Spread = spread ? new Spread.Parts() : new Spread.One(),
            Size = SizeEstimate.OfRows(rows, read, TextWidth(dataset)),
            Distinct = read.ToDictionary(
                column => column.Name, column => Math.Min(rows, StoredTypes.MostValues(column.Type)),
                StringComparer.OrdinalIgnoreCase),
            Origins = input.Mode == InputMode.Partition
                ? read.ToDictionary(column => column.Name, column => column.Name, StringComparer.OrdinalIgnoreCase)
                : Relation.NoOrigins,
        };
    }

    /// <summary>Reads a dataset by other partitions, while no stage reads it yet.</summary>
    public void Repartition(string name, PlannedDataset dataset) =>
        Datasets = new Dictionary<string, PlannedDataset>(Datasets, StringComparer.OrdinalIgnoreCase) { [name] = dataset };

    /// <summary>A relation with another SELECT around it.</summary>
    /// <param name="inner">What the SELECT reads.</param>
    /// <param name="sql">A SELECT that names <see cref="Relation.Source"/> of <paramref name="inner"/>.</param>
    public async Task<Relation> Select(Relation inner, string sql) => Select(inner, sql, await BindOver(inner.Inputs, sql));

    /// <summary>
    /// A relation with a SELECT around it of which the columns are known: the engine, which needs long for many, is not asked.
    /// </summary>
    /// <param name="inner">What the SELECT reads.</param>
    /// <param name="sql">A SELECT that names <see cref="Relation.Source"/> of <paramref name="inner"/>.</param>
    /// <param name="columns">Its columns.</param>
    public static Relation Select(Relation inner, string sql, IReadOnlyList<ColumnSchema> columns) =>
        inner with
        {
            Source = $"({sql})", Columns = columns, Origins = Relation.NoOrigins, KeySources = Relation.NoSources,
            IsStored = false,
        };

    /// <summary>Result columns of a query over the inputs of a stage.</summary>
    public Task<IReadOnlyList<ColumnSchema>> BindOver(IReadOnlyList<RelationInput> inputs, string sql) =>
        engine.Bind(inputs.DistinctBy(input => input.Input.Name).ToDictionary(input => input.Input.Name, input => input.Columns),
            sql, cancellationToken);

    /// <summary>Makes a relation a stage whose rows later stages read whole, partition by partition.</summary>
    public StageHandle AddStage(Relation relation, string name, string? note = null) =>
        Add(relation, name,
            $"SELECT {StoredTypes.SelectAll(relation.Columns, StoredTypes.Of(relation.Columns))} FROM {relation.Source}",
            new TaskOutput { Kind = OutputKind.Single }, note);

    /// <summary>Makes a relation a stage that sends each row to the target that an expression names.</summary>
    /// <param name="relation">The rows.</param>
    /// <param name="name">Name of the stage.</param>
    /// <param name="target">An INTEGER expression in [0, targets) over the relation's columns.</param>
    /// <param name="targets">Number of targets.</param>
    /// <param name="note">Why.</param>
    /// <param name="ungrouped">
    /// Of groups: a table of the same columns with a row for each row, and the keys of all rows; null where there is none.
    /// </param>
    public StageHandle AddExchange(
        Relation relation, string name, string target, int targets, string? note = null,
        (string Source, string Probe)? ungrouped = null)
    {
        var select = $"SELECT {StoredTypes.SelectAll(relation.Columns, StoredTypes.Of(relation.Columns))}, "
            + $"CAST({target} AS INTEGER) AS {SqlText.Name(TaskOutput.TargetColumn)} FROM ";
        var stage = Add(relation, name, select + relation.Source,
            new TaskOutput { Kind = OutputKind.Exchange, Targets = targets }, note);
        if (ungrouped is var (source, probe))
        {
            stages[^1] = stages[^1] with { Ungrouped = new UngroupedQuery(select + source, probe) };
        }

        return stage;
    }

    /// <summary>Threads of the last stage where it is the only one: see <see cref="StagePlan.Threads"/>.</summary>
    public int Threads { get; set; } = 1;

    /// <summary>When its rows get an order: see <see cref="StagePlan.FewGroups"/>.</summary>
    public FewGroups? FewGroups { get; set; }

    /// <summary>Adds the last stage.</summary>
    public void AddResult(
        Relation relation, string name, string query, IReadOnlyList<ColumnSchema> columns, TaskOutput output,
        KeyColumns? keyColumns = null, string? note = null) =>
        stages.Add(Stage(relation, name, query, columns, output, note) with
        {
            KeyColumns = keyColumns,
            Threads = stages.Count == 0 ? Threads : 1,
            FewGroups = stages.Count == 0 ? FewGroups : null,
        });

    /// <summary>Rows of an earlier stage, as a later one reads them.</summary>
    public Relation Read(StageHandle stage, InputMode mode, Spread spread)
    {
        var input = new StageInput(NewInputName($"stage_{stage.Index}"), null, stage.Index, mode);
        var stored = StoredTypes.Of(stage.Columns);
        var all = StoredTypes.SelectAll(stored, stage.Columns);
        var table = SqlText.Name(input.Name);
        return new Relation
        {
            Source = all == "*" ? table : $"(SELECT {all} FROM {table})",
            Columns = stage.Columns,
            Inputs = [new RelationInput(input, stored, stage.Size.Bytes)],
            Spread = spread,
            Size = stage.Size,
            Distinct = stage.Distinct,
            KeySources = KeySource.Of(stage, mode),
            IsStored = true,
        };
    }

    /// <summary>All rows of an earlier stage in one task.</summary>
    public Relation Gather(StageHandle stage) => Read(stage, InputMode.All, new Spread.One());

    /// <summary>Bytes of a text value, from what a dataset's rows take in all.</summary>
    private static double TextWidth(PlannedDataset dataset)
    {
        var texts = dataset.Columns.Count(column => column.Type == "VARCHAR");
        if (texts == 0 || dataset.EstimatedRows <= 0)
        {
            return 16;
        }

        var other = dataset.Columns.Sum(column => StoredTypes.Width(column.Type, 0));
        return Math.Clamp(((double)dataset.TotalBytes / dataset.EstimatedRows - other) / texts, 4, 256);
    }

    /// <summary>Whether a dataset is read by more than one task.</summary>
    public static bool IsSpread(PlannedDataset dataset)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        return dataset.Partitions.Count > 1 || dataset.PieceBytes is not null;
    }

    // Scans of one dataset share the pieces of its streams.
    private int RechunkStage(string name, PlannedDataset dataset, long pieceBytes)
    {
        var known = stages.FindIndex(stage => stage.Kind == TaskKind.Rechunk && stage.Inputs[0].Dataset == name);
        if (known >= 0)
        {
            return known;
        }

        stages.Add(new StagePlan
        {
            Index = stages.Count,
            Name = "rechunk",
            Kind = TaskKind.Rechunk,
            Query = "",
            Inputs = [new StageInput(NewInputName(name), name, null, InputMode.Partition)],
            Output = new TaskOutput { Kind = OutputKind.Chunks, FileBytes = pieceBytes },
            Columns = dataset.Columns,
            EstimatedBytes = dataset.TotalBytes,
            Note = $"Inflates streams and cuts them at record starts into pieces of {pieceBytes} bytes, which later tasks read "
                + "in parallel.",
        });
        return stages.Count - 1;
    }

    private static long ScanBytes(PlannedDataset dataset, IReadOnlyList<ColumnSchema> read) =>
        dataset.Format == SourceFormat.Parquet
        ? dataset.TotalBytes * read.Count / Math.Max(1, dataset.Columns.Count)
        : dataset.TotalBytes;

    // A query that uses no column still counts rows, and needs one column to count them by.
    private static IReadOnlyList<ColumnSchema> Chosen(PlannedDataset dataset, IReadOnlyList<string> columns)
    {
        var wanted = columns.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var chosen = dataset.Columns.Where(column => wanted.Contains(column.Name)).ToList();
        return chosen.Count > 0 ? chosen : [.. dataset.Columns.Take(1)];
    }

    private string NewInputName(string wanted)
    {
        var name = wanted;
        for (var number = 2; !inputNames.Add(name); number++)
        {
            name = $"{wanted}_{number}";
        }

        return name;
    }

    private StageHandle Add(Relation relation, string name, string query, TaskOutput output, string? note)
    {
        stages.Add(Stage(relation, name, query, StoredTypes.Of(relation.Columns), output, note));
        return new StageHandle(
            stages.Count - 1, relation.Columns, relation.Size, output.Targets, relation.Spread is Spread.One, relation.Distinct);
    }

    private StagePlan Stage(
        Relation relation, string name, string query, IReadOnlyList<ColumnSchema> columns, TaskOutput output, string? note) =>
        new()
        {
            Index = stages.Count,
            Name = name,
            Query = query,
            Inputs = [.. relation.Inputs.Select(input => input.Input with { EstimatedBytes = input.Bytes })
                .DistinctBy(input => input.Name)],
            Output = output,
            Columns = columns,
            IsWhole = relation.IsWhole,
            EstimatedBytes = relation.Inputs.DistinctBy(input => input.Input.Name).Sum(input => input.Bytes),
            EstimatedRows = (long)relation.Size.Rows,
            EstimatedRowBytes = relation.Size.Bytes,
            Note = string.Join(' ', relation.Notes.Append(note).OfType<string>().Distinct()) is { Length: > 0 } text
                ? text
                : null,
        };
}

/// <summary>A stage that was added: what a later one must know to read it.</summary>
internal sealed record StageHandle(
    int Index, IReadOnlyList<ColumnSchema> Columns, SizeEstimate Size, int Targets, bool IsOneTask,
    IReadOnlyDictionary<string, double> Distinct);
