using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Probing;
using Orleans.Cluster.Engine.Scanning;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// After a value has proved a guessed type too narrow: all columns of the task's text of which that is so, with types that hold
/// what was found. A job is planned anew once, so that all of them are looked for at once.
/// </summary>
internal static class WiderTypes
{
    // Each round reads a partition of JSON once more, under the types that the one before found.
    private const int MaxRounds = 64;

    /// <summary>The failure of a task whose guesses are wrong.</summary>
    public static AttemptFailure Failure(
        TaskSpec task, TaskInputs inputs, GuessRefutedException refuted, CancellationToken cancellationToken)
    {
        var wider = new Dictionary<(string Dataset, string Column), string>();
        foreach (var table in inputs.TextTables.Where(table => table.Scan.Guesses is not null))
        {
            AddTo(wider, table.Scan.Guesses!.Dataset, OfText(task, table, inputs.EngineMemoryBytes, cancellationToken));
        }

        foreach (var table in inputs.StagedTables.Where(table => table.Scan.Guesses is not null))
        {
            AddTo(wider, table.Scan.Guesses!.Dataset, OfJson(table, inputs.EngineMemoryBytes, cancellationToken));
        }

        return wider.Count == 0
            ? throw new InvalidOperationException($"No wider type was found for: {refuted.Message}")
            : new AttemptFailure(FailureKind.BadData, refuted.Message, ProblemCode.BadRow.Word)
            {
                Wider = [.. wider.Select(pair => new WiderType(pair.Key.Dataset, pair.Key.Column, pair.Value))],
            };
    }

    private static void AddTo(Dictionary<(string, string), string> wider, string dataset, IEnumerable<ColumnSchema> columns)
    {
        foreach (var column in columns)
        {
            wider[(dataset, column.Name)] = wider.TryGetValue((dataset, column.Name), out var known)
                ? TypeWidening.Widen(known, column.Type) ?? "VARCHAR"
                : column.Type;
        }
    }

    // One more scan, which hears of every value that does not fit.
    private static List<ColumnSchema> OfText(
        TaskSpec task, TextTable table, long memoryBytes, CancellationToken cancellationToken)
    {
        var guesses = new ColumnGuess[table.TextColumns.Count];
        var point = table.Scan.DialectOf(table.Slices[0].File)!.Decimal[0];
        var all = new TextTable(table.Name, table.Scan, table.Slices, setsAside: true, static (_, _) => { })
        {
            Refuted = (column, value) => guesses[column].Add(value, isQuoted: false, point),
        };
        using var session = DuckDbSession.Open(SessionOptions.WithoutFiles with { MemoryBytes = memoryBytes });
        session.Register(all);
        session.Query($"SELECT count(*) FROM {table.Name}()", row => row.GetInt64(0), cancellationToken);
        var used = task.OnBadRow == BadRowPolicy.Fail
            ? table.Scan.UsedColumns?.ToHashSet(StringComparer.OrdinalIgnoreCase)
            : null;
        return
        [
            .. from pair in table.FileColumns.Zip(guesses)
               where pair.Second.Values > 0 && (used is null || used.Contains(pair.First.Name))
               select pair.First with { Type = Wider(pair.First.Type, pair.Second.Type!) },
        ];
    }

    private static string Wider(string planned, string found) =>
        TypeWidening.Widen(planned, found) is { } both && both != planned ? both : "VARCHAR";

    private static List<ColumnSchema> OfJson(StagedTable table, long memoryBytes, CancellationToken cancellationToken)
    {
        var columns = table.Scan.Columns.ToList();
        for (var round = 0; round < MaxRounds; round++)
        {
            var staged = new StagedTable(table.Scan with { Columns = columns }, table.Slices, table.File);
            staged.Stage(static _ => { }, cancellationToken);
            var faults = JsonMisfits.Find(staged, memoryBytes, cancellationToken);
            if (faults.Count == 0)
            {
                break;
            }

            foreach (var (column, path, values) in faults)
            {
                var index = columns.FindIndex(other => other.Name == column);
                var wider = JsonWidening.Widen(ColumnType.Parse(columns[index].Type), path, values);
                columns[index] = columns[index] with { Type = $"{wider}" };
            }
        }

        return [.. columns.Zip(table.Scan.Columns).Where(pair => pair.First.Type != pair.Second.Type).Select(pair => pair.First)];
    }
}
