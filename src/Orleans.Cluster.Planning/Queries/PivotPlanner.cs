using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Long to wide in two phases: cells are a group-by of index and key like any other; the values of the key, found among the cells, are
/// numbered; and the result has a column for each. As in the engine's own PIVOT, a key that is NULL makes no column, but its rows are
/// groups all the same.
/// </summary>
internal sealed class PivotPlanner(PlanDraft draft)
{
    private const string Key = "__key";
    private const string Value = "__value";
    private const string Number = "__number";
    private const string Cells = "__cells";

    /// <summary>One row for each pair of index and key.</summary>
    public static string CellsQuery(string table, PivotColumns columns)
    {
        var index = columns.Index.Select((column, number) => $"{SqlText.Name(column.Name)} AS {IndexName(number)}");
        return $"SELECT {string.Join(", ", index)}, {SqlText.Name(columns.Key.Name)} AS {Key}, {columns.Call} AS {Value} FROM {SqlText.Name(table)} "
            + $"GROUP BY {SqlText.Names(columns.Index.Append(columns.Key).Select(column => column.Name))}";
    }

    /// <summary>Adds all stages; answers the result columns that are known before it runs.</summary>
    /// <param name="cells">The planned <see cref="CellsQuery"/>.</param>
    /// <param name="columns">What it is of.</param>
    /// <param name="output">Where the result goes.</param>
    public async Task<IReadOnlyList<ColumnSchema>> Plan(PlannedQuery cells, PivotColumns columns, TaskOutput output)
    {
        var rows = await draft.Select(cells.Relation, $"SELECT {cells.SelectColumns} FROM {cells.Relation.Source} AS r");
        var stage = draft.AddStage(rows, "cells", "One row for each pair of index and key.");
        var keys = await Keys(stage);
        var order = columns.Index.Select((_, number) => new SortKey(IndexName(number), "ASC NULLS LAST")).ToList();
        var together = stage.IsOneTask || rows.Size.Bytes <= draft.Limits.GatherBytes
            ? draft.Gather(stage)
            : (await new OrderPlanner(draft).Arrange(new PlannedQuery(Read(stage), cells.Columns, order, null, 0))).Relation;

        var index = columns.Index.Select((column, number) => (Name: $"r.{IndexName(number)}", Result: column with { Type = StoredTypes.Of(column.Type) })).ToList();
        var cell = $"r.{Cells}[{KeyColumns.Number} + 1]";
        var type = stage.Columns.First(column => column.Name == Value).Type;
        var query = $"SELECT {string.Join(", ", index.Select(pair => $"CAST({pair.Name} AS {pair.Result.Type}) AS {SqlText.Name(pair.Result.Name)}"))}{KeyColumns.Place} "
            + $"FROM ({Lists(together.Source, keys.Source, columns.Index.Count)}) AS r "
            + $"ORDER BY {string.Join(", ", index.Select(pair => $"{pair.Name} ASC NULLS LAST"))}";
        draft.AddResult(
            together.With(keys.Inputs), "pivot", query, [.. index.Select(pair => pair.Result)], output,
            new KeyColumns(
                $"SELECT CAST({Key} AS VARCHAR) FROM {keys.Source} ORDER BY {Number}",
                $"CAST({(columns.IsCount ? $"coalesce({cell}, 0)" : cell)} AS {StoredTypes.Of(type)})"),
            $"A column for each value of the key, at most {KeyColumns.Most}.");
        return [.. index.Select(pair => pair.Result)];
    }

    // One list for each index, of the values by the number of their key: a column is then one place of it. A conditional aggregate for each
    // key instead would read every cell once for each key. Where there is no key at all, each index still has a row.
    private static string Lists(string cells, string keys, int count)
    {
        var names = string.Join(", ", Enumerable.Range(0, count).Select(number => $"i.{IndexName(number)}"));
        var same = Enumerable.Range(0, count).Select(number => $"c.{IndexName(number)} IS NOT DISTINCT FROM i.{IndexName(number)}");
        return $"SELECT {names}, list(c.{Value} ORDER BY k.{Number}) AS {Cells} "
            + $"FROM (SELECT DISTINCT {names.Replace("i.", "", StringComparison.Ordinal)} FROM {cells}) AS i LEFT JOIN {keys} AS k ON true "
            + $"LEFT JOIN {cells} AS c ON c.{Key} = k.{Key} AND {string.Join(" AND ", same)} GROUP BY {names}";
    }

    private async Task<Relation> Keys(StageHandle cells)
    {
        var source = Read(cells);
        if (!cells.IsOneTask)
        {
            var some = await draft.Select(source, $"SELECT DISTINCT {Key} FROM {source.Source} WHERE {Key} IS NOT NULL");
            source = draft.Gather(draft.AddStage(some, "keys", "Values of the key in each partition."));
        }

        var numbered = await draft.Select(
            source,
            $"SELECT {Key}, CAST(row_number() OVER (ORDER BY {Key}) - 1 AS INTEGER) AS {Number} "
            + $"FROM (SELECT DISTINCT {Key} FROM {source.Source} WHERE {Key} IS NOT NULL)");
        return draft.Gather(draft.AddStage(numbered, "keys", "Values of the key in their order, which is the order of the columns."));
    }

    private Relation Read(StageHandle stage) =>
        stage.IsOneTask ? draft.Gather(stage) : draft.Read(stage, InputMode.Partition, new Spread.Parts());

    private static string IndexName(int number) => $"__index_{number}";
}

/// <summary>What a pivot is of, as the data has it.</summary>
/// <param name="Index">Columns that identify a row of the result.</param>
/// <param name="Key">Column whose values become columns.</param>
/// <param name="Call">The aggregate of a cell.</param>
/// <param name="IsCount">Whether a cell without rows is 0 and not NULL.</param>
internal sealed record PivotColumns(IReadOnlyList<ColumnSchema> Index, ColumnSchema Key, string Call, bool IsCount);
