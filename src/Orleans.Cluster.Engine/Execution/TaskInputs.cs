using System.Runtime.ExceptionServices;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Exchange;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>The inputs of one attempt, made ready: text staged, files checked, and the statements that declare them.</summary>
internal sealed class TaskInputs : IDisposable
{
    // What the process needs beside the engine: the runtime, and buffers of reading and writing.
    private const long ProcessBytes = 128L << 20;
    private const long LeastEngineBytes = 64L << 20;

    // Of what is left. Readers, writers and the allocator hold a third more than the engine's own limit counts: a group-by of as
    // many groups as rows under a limit of 285 MB had 390 MB.
    private const double EngineShare = 0.75;

    // So that a partition of the usual size is one run, where there is memory for it.
    private const long MostRunBytes = 128L << 20;
    private const long LeastRunBytes = 16L << 20;

    private readonly StagingArea _area;
    private readonly TaskSpec _task;
    private readonly Dictionary<ScanInput, List<JsonPart>> _json = [];
    private readonly List<StagedTable> _staged = [];
    private readonly Dictionary<ScanInput, List<TextTable>> _texts = [];
    private readonly Dictionary<ExchangeInput, ExchangeSources> _exchanges = new(ReferenceEqualityComparer.Instance);

    private TaskInputs(StagingArea area, TaskSpec task) => (_area, _task) = (area, task);

    /// <summary>All delimited text, in order of inputs and slices. It is read where it is.</summary>
    public IEnumerable<TextTable> TextTables =>
        _task.Inputs.Where(i => i.Scan is not null).SelectMany(i => _texts.GetValueOrDefault(i.Scan!) ?? []).Distinct();

    /// <summary>All JSON that is scanned where it is, in order of inputs and slices.</summary>
    public IEnumerable<JsonTable> JsonTables => JsonParts.Select(part => part.Scanned).OfType<JsonTable>();

    /// <summary>What is read of exchange files.</summary>
    public IEnumerable<ExchangeTable> ExchangeTables => _exchanges.Values.SelectMany(parts => parts.Tables);

    /// <summary>What ended a scan early; null when none did.</summary>
    public ExceptionDispatchInfo? ScanFailure =>
        TextTables.Select(table => table.Failure).Concat(JsonTables.Select(table => table.Failure))
        .Concat(ExchangeTables.Select(table => table.Failure))
        .FirstOrDefault(failure => failure is not null);

    /// <summary>All staged text, in order of inputs and slices.</summary>
    public IEnumerable<StagedTable> StagedTables => JsonParts.Select(part => part.Staged).OfType<StagedTable>();

    /// <summary>Bytes of memory that staged text takes.</summary>
    public long StagedMemoryBytes => StagedTables.Where(t => t.File.InMemory).Sum(t => t.File.Length);

    /// <summary>Bytes of local disk that staged text takes.</summary>
    public long StagedDiskBytes => StagedTables.Where(t => !t.File.InMemory).Sum(t => t.File.Length);

    /// <summary>Bytes of local disk that are left of the task's quota.</summary>
    public long ScratchBytesLeft => _task.ScratchBytes is { } quota ? Math.Max(0, quota - StagedDiskBytes) : long.MaxValue;

    /// <summary>Bytes of the task's memory that are left for the engine, also while it looks for what was wrong.</summary>
    public long EngineMemoryBytes => UntouchedBytes + Math.Max(
        LeastEngineBytes,
        (long)((_task.MemoryBytes - ProcessBytes - StagedMemoryBytes) * EngineShare)
        - (_task.Output is { Kind: OutputKind.Exchange, Targets: > 1 } ? RunBytesOf(_task) : 0));

    // The engine counts vectors of 2,048 values for each column that a scan gives, again where a condition keeps some of the
    // rows, and again where rows are written. Of a wide table a scan of text fills fewer, and what is not written takes no
    // memory: of 20,000 columns of text 0.6 GB of 0.66, each time.
    private long UntouchedBytes
    {
        get
        {
            var scans = _task.Query.Contains(" WHERE ", StringComparison.OrdinalIgnoreCase) ? 2 : 1;
            return _texts.Where(pair => pair.Value.Count > 0).Sum(pair =>
                pair.Value.Select(table => table.UntouchedBytes(Used(pair.Key)))
                    .Max(bytes => (scans * bytes.Scanned) + bytes.Kept));
        }
    }

    /// <summary>Files that the engine may read.</summary>
    public IReadOnlyList<string> Files =>
    [
        .. StagedTables.Select(t => t.File.Path),
        .. ParquetScans.SelectMany(s => s.Scan.Slices).Select(s => OpenSources.Name(s.File.Stamp.Path)),
        .. ParquetArtifacts(_task).Select(f => f.Path),
    ];

    /// <summary>Scans of Parquet files that have slices, and the rows that planning counted in them.</summary>
    public IEnumerable<(ScanInput Scan, long Rows)> ParquetScans =>
        from input in _task.Inputs
        let scan = input.Scan
        where scan is { Format: SourceFormat.Parquet, Slices.Count: > 0 }
        select (scan, scan.Slices.Sum(slice => slice.Rows ?? slice.End - slice.Start));

    /// <summary>Rows that scans shall read, rows set aside included.</summary>
    public long RowsIn =>
        StagedTables.Sum(t => t.Staged.RowsPerSlice.Sum()) + TextTables.Sum(t => t.Records ?? 0)
        + JsonTables.Sum(t => t.Records ?? 0)
        + ParquetScans.Sum(scan => scan.Rows);

    /// <summary>Bytes of rows that a task which sends them to targets holds at most before it writes them.</summary>
    public static long RunBytesOf(TaskSpec task) => Math.Clamp(task.MemoryBytes / 8, LeastRunBytes, MostRunBytes);

    /// <summary>Artifacts that the engine itself reads.</summary>
    public static IEnumerable<ArtifactRef> ParquetArtifacts(TaskSpec task) =>
        task.Inputs.SelectMany(input => input.Exchange?.Files ?? []).Where(file => file.Slice is null);

    /// <summary>Checks every file and stages all text.</summary>
    /// <exception cref="EngineException">A source changed, or an artifact is lost.</exception>
    public static TaskInputs Prepare(TaskSpec task, StagingArea area, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var inputs = new TaskInputs(area, task);
        try
        {
            foreach (var input in task.Inputs)
            {
                inputs.Prepare(input, meter, cancellationToken);
            }

            if (!inputs.StagedTables.Any())
            {
                area.Release();
            }

            return inputs;
        }
        catch
        {
            inputs.Dispose();
            throw;
        }
    }

    /// <summary>One statement for each input that makes it a view.</summary>
    /// <param name="pathOf">What a file of an exchange is called in the session.</param>
    public IEnumerable<string> Declarations(Func<string, string> pathOf) =>
        _task.Inputs.Select(input => $"CREATE VIEW {SqlText.Name(input.Name)} AS {SelectSql(input, pathOf)}");

    public void Dispose()
    {
        foreach (var table in _staged)
        {
            _area.Return(table.File);
        }
    }

    /// <summary>Whether scans met JSON that they do not read: it is to be staged, and the query run again.</summary>
    public bool HasOdd => JsonTables.Any(table => table.IsOdd);

    /// <summary>Leaves scanned JSON to the engine's own reader where the engine casts columns of it.</summary>
    /// <returns>Whether there was any.</returns>
    public bool GiveUpCasts()
    {
        foreach (var table in JsonTables.Where(table => table.HasCasts))
        {
            table.GiveUp();
        }

        return HasOdd;
    }

    /// <summary>Stages JSON that scans of the query could not read.</summary>
    public void StageOdd()
    {
        foreach (var part in JsonParts)
        {
            part.StageIfNeeded();
        }
    }

    private IEnumerable<JsonPart> JsonParts =>
        _task.Inputs.Where(i => i.Scan is not null).SelectMany(i => Parts(i.Scan!)).Distinct();

    private List<JsonPart> Parts(ScanInput scan) => _json.GetValueOrDefault(scan) ?? [];

    private void Prepare(TaskInput input, ProgressMeter meter, CancellationToken cancellationToken)
    {
        if (input.Exchange is { } exchange)
        {
            if (!_exchanges.ContainsKey(exchange))
            {
                _exchanges[exchange] = ExchangeSources.Prepare(
                    exchange, ExchangeTables.Count(), meter.AddScanned, cancellationToken);
            }

            return;
        }

        var scan = input.Scan ?? throw new ArgumentException($"Input {input.Name} is neither a scan nor an exchange.");
        if (scan.Format == SourceFormat.Parquet)
        {
            foreach (var slice in scan.Slices)
            {
                SourceStreams.Check(slice);
            }

            ParquetChecksums.Verify(scan, cancellationToken);
            return;
        }

        if (scan.Format is SourceFormat.Csv or SourceFormat.Tsv)
        {
            PrepareText(scan, meter, cancellationToken);
            return;
        }

        PrepareJson(scan, meter, cancellationToken);
    }

    private void PrepareJson(ScanInput scan, ProgressMeter meter, CancellationToken cancellationToken)
    {
        if (_json.ContainsKey(scan))
        {
            return;
        }

        foreach (var slice in scan.Slices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SourceStreams.Check(slice);
        }

        var number = _json.Values.Sum(parts => parts.Count);
        var parts = _json[scan] = [];
        foreach (var group in GroupByLayout(scan))
        {
            var table = JsonTable.CanRead(scan)
                ? new JsonTable($"__json_{number + parts.Count}", scan, group, Reporter(group, meter)) : null;
            parts.Add(new JsonPart(table, () => Stage(scan, group, meter, cancellationToken)));
            parts[^1].StageIfNeeded();
        }
    }

    private StagedTable Stage(ScanInput scan, List<FileSlice> group, ProgressMeter meter, CancellationToken cancellationToken)
    {
        var file = _area.Rent(
            group.Sum(TextBytes), (_task.MemoryBytes / 3) - StagedMemoryBytes, _task.ScratchFolder, ScratchBytesLeft);
        var table = new StagedTable(scan, group, file);
        _staged.Add(table);
        table.Stage(meter.AddStaged, cancellationToken);
        return table;
    }

    private void PrepareText(ScanInput scan, ProgressMeter meter, CancellationToken cancellationToken)
    {
        foreach (var slice in scan.Slices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            SourceStreams.Check(slice);
        }

        if (_texts.ContainsKey(scan))
        {
            return;
        }

        var number = _texts.Values.Sum(tables => tables.Count);
        _texts[scan] =
        [
            .. GroupByLayout(scan).Select((group, i) => new TextTable(
                $"__text_{number + i}", scan, group, _task.OnBadRow == BadRowPolicy.Quarantine, Reporter(group, meter))),
        ];
    }

    // Progress is in bytes as stored; text that is inflated has more.
    private static Action<long, long> Reporter(List<FileSlice> slices, ProgressMeter meter)
    {
        var stored = slices.Sum(slice => slice.End - slice.Start);
        var factor = Math.Min(1, stored / (double)Math.Max(slices.Sum(TextBytes), 1));
        return (bytes, rows) => meter.AddScanned((long)(bytes * factor), rows);
    }

    private string SelectSql(TaskInput input, Func<string, string> pathOf)
    {
        var columns = input.Exchange?.Columns ?? Used(input.Scan!);
        var selects = input.Exchange is { } exchange
            ? _exchanges[exchange].Selects(pathOf)
            : input.Scan!.Format switch
            {
                // A query that takes all columns of a scan means all that the plan reads, and no more.
                SourceFormat.Parquet => [.. ParquetSql.Selects(input.Scan, columns)],
                SourceFormat.Csv
                    or SourceFormat.Tsv => [.. (_texts.GetValueOrDefault(input.Scan) ?? []).Select(t => t.SelectSql(columns))],
                _ => [.. Parts(input.Scan).Select(part => part.SelectSql(columns))],
            };
        var all = string.Join(" UNION ALL ", selects);
        return selects.Count > 0
            ? all
            : $"SELECT {string.Join(", ", columns.Select(c => $"CAST(NULL AS {c.Type}) AS {SqlText.Name(c.Name)}"))} WHERE false";
    }

    private static IReadOnlyList<ColumnSchema> Used(ScanInput scan) => scan.UsedColumns is { } used
        ? [.. ColumnNames.Of(scan.Columns, used)]
        : scan.Columns;

    // Thousands of small files of one layout become one staged file and one reader.
    private static IEnumerable<List<FileSlice>> GroupByLayout(ScanInput scan)
    {
        var group = new List<FileSlice>();
        foreach (var slice in scan.Slices)
        {
            if (group.Count > 0 && !SameLayout(scan, group[0].File, slice.File))
            {
                yield return group;
                group = [];
            }

            group.Add(slice);
        }

        if (group.Count > 0)
        {
            yield return group;
        }
    }

    private static bool SameLayout(ScanInput scan, SourceFile a, SourceFile b) =>
        ReferenceEquals(a, b)
        || (a.Encoding == b.Encoding && (scan.DialectOf(a) is not { } dialect || dialect.ReadsAs(scan.DialectOf(b)!))
            && (a.Columns ?? []).SequenceEqual(b.Columns ?? []) && (a.Columns is null) == (b.Columns is null)
            && (a.HiveValues ?? Empty).OrderBy(p => p.Key, StringComparer.Ordinal).SequenceEqual(
                (b.HiveValues ?? Empty).OrderBy(p => p.Key, StringComparer.Ordinal)));

    private static readonly IReadOnlyDictionary<string, string> Empty = new Dictionary<string, string>();

    private static long TextBytes(FileSlice slice) =>
        slice.Inflated is { } part ? part.Bytes
        : slice.File.Compression == SourceCompression.None
            ? slice.End - slice.Start
            : (long)((double)slice.File.UncompressedBytes * (slice.End - slice.Start) / Math.Max(slice.File.Stamp.Bytes, 1));
}
