using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Long to wide in two phases: cells are a group-by of index and key like any other; the values of the key, found among the
/// cells, are numbered; and the result has a column for each, or a place in a list. As in the engine's own PIVOT, a key that is
/// NULL makes no column, but its rows are groups all the same.
/// </summary>
internal sealed class PivotPlanner(PlanDraft draft)
{
    /// <summary>Name of the table of keys.</summary>
    public const string KeysTable = "keys";

    private const string Value = OwnName.Prefix + "value";
    private const string Cells = OwnName.Prefix + "cells";
    private const string ListColumn = "values";

    // Columns of the table of keys as its readers see it.
    private const string Key = "\"key\"";
    private const string Number = "\"position\"";

    /// <summary>One row for each pair of index and key.</summary>
    public static string CellsQuery(string table, PivotColumns columns)
    {
        var index = columns.Index.Select((column, number) => $"{SqlText.Name(column.Name)} AS {IndexName(number)}");
        return $"SELECT {string.Join(", ", index)}, {SqlText.Name(columns.Key.Name)} AS {Key}, {columns.Call} AS {Value} FROM "
            + $"{SqlText.Name(table)} "
            + $"GROUP BY {SqlText.Names(columns.Index.Append(columns.Key).Select(column => column.Name))}";
    }

    /// <summary>Adds all stages; answers the result columns that are known before it runs.</summary>
    /// <param name="cells">The planned <see cref="CellsQuery"/>.</param>
    /// <param name="columns">What it is of.</param>
    /// <param name="form">How values are shown.</param>
    /// <param name="output">Where the result goes.</param>
    public async Task<IReadOnlyList<ColumnSchema>> Plan(
        PlannedQuery cells, PivotColumns columns, PivotForm form, TaskOutput output)
    {
        var rows = await draft.Select(cells.Relation, $"SELECT {cells.SelectColumns} FROM {cells.Relation.Source} AS r");
        var stage = draft.AddStage(rows, "cells", "One row for each pair of index and key.");
        var keys = await Keys(stage);
        var order = columns.Index.Select((_, number) => new SortKey(IndexName(number), "ASC NULLS LAST")).ToList();
        var together = stage.IsOneTask || rows.Size.Bytes <= draft.Limits.GatherBytes
            ? draft.Gather(stage)
            : (await new OrderPlanner(draft).Arrange(new PlannedQuery(Read(stage), cells.Columns, order, null, 0))).Relation;

        var index = columns.Index.Select((column, number) =>
            (Name: $"r.{IndexName(number)}", Result: column with { Type = StoredTypes.Of(column.Type) })).ToList();
        var type = stage.Columns.First(column => column.Name == Value).Type;
        var all = together.With(keys.Inputs);
        var lists = Lists(together.Source, keys.Source, columns);
        return form == PivotForm.List
            ? AddLists(all, lists, index, type, output)
            : AddColumns(all, lists, index, StoredTypes.Of(type), keys, output);
    }

    private List<ColumnSchema> AddColumns(
        Relation rows, string lists, List<(string Name, ColumnSchema Result)> index, string type, Relation keys,
        TaskOutput output)
    {
        var query = $"SELECT {Cast(index)}{KeyColumns.Place} FROM ({lists}) AS r ORDER BY {Ordered(index)}";
        draft.AddResult(
            rows, "pivot", query, [.. index.Select(pair => pair.Result)], output,
            new KeyColumns(
                $"SELECT CAST({Key} AS VARCHAR) FROM {keys.Source} ORDER BY {Number}",
                $"CAST(r.{Cells}[{KeyColumns.Number} + 1] AS {type})"),
            $"A column for each value of the key, at most {KeyColumns.Most}.");
        return [.. index.Select(pair => pair.Result)];
    }

    private List<ColumnSchema> AddLists(
        Relation rows, string lists, List<(string Name, ColumnSchema Result)> index, string type, TaskOutput output)
    {
        var name = ListColumn;
        for (var number = 1; index.Any(pair => Scope.Same(pair.Result.Name, name)); number++)
        {
            name = $"{ListColumn}_{number}";
        }

        var list = new ColumnSchema(name, StoredTypes.Of($"{type}[]"));
        List<ColumnSchema> columns = [.. index.Select(pair => pair.Result), list];
        draft.AddResult(
            rows, "pivot",
            $"SELECT {Cast(index)}, CAST(r.{Cells} AS {list.Type}) AS {SqlText.Name(name)} FROM ({lists}) AS r ORDER BY "
            + $"{Ordered(index)}",
            columns, output, null, "A list of the values by the places of their keys, which are a table of their own.");
        return columns;
    }

    private static string Cast(List<(string Name, ColumnSchema Result)> index) =>
        string.Join(", ", index.Select(pair => $"CAST({pair.Name} AS {pair.Result.Type}) AS {SqlText.Name(pair.Result.Name)}"));

    private static string Ordered(List<(string Name, ColumnSchema Result)> index) =>
        string.Join(", ", index.Select(pair => $"{pair.Name} ASC NULLS LAST"));

    // One list for each index, of the values by the number of their key: a column is then one place of it. A conditional
    // aggregate for each key instead would read every cell once for each key. Where there is no key at all, each index has a row,
    // and the list no place.
    private static string Lists(string cells, string keys, PivotColumns columns)
    {
        var numbers = Enumerable.Range(0, columns.Index.Count).ToList();
        var names = string.Join(", ", numbers.Select(number => $"i.{IndexName(number)}"));
        var same = numbers.Select(number => $"c.{IndexName(number)} IS NOT DISTINCT FROM i.{IndexName(number)}");
        var value = columns.IsCount ? $"coalesce(c.{Value}, 0)" : $"c.{Value}";
        return $"SELECT {names}, coalesce(list({value} ORDER BY k.{Number}) FILTER (WHERE k.{Key} IS NOT NULL), []) AS {Cells} "
            + $"FROM (SELECT DISTINCT {names.Replace("i.", "", StringComparison.Ordinal)} FROM {cells}) AS i LEFT JOIN {keys} AS "
            + "k ON true "
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
            $"SELECT CAST(row_number() OVER (ORDER BY {Key}) AS BIGINT) AS {Number}, {Key} "
            + $"FROM (SELECT DISTINCT {Key} FROM {source.Source} WHERE {Key} IS NOT NULL)");
        var stage = draft.AddStage(numbered, "keys", "Values of the key in their order, which is the order of the columns.");
        draft.Tables[KeysTable] = stage.Index;
        return draft.Gather(stage);
    }

    private Relation Read(StageHandle stage) =>
        stage.IsOneTask ? draft.Gather(stage) : draft.Read(stage, InputMode.Partition, new Spread.Parts());

    private static string IndexName(int number) => $"{OwnName.Prefix}index_{number}";
}

/// <summary>What a pivot is of, as the data has it.</summary>
/// <param name="Index">Columns that identify a row of the result.</param>
/// <param name="Key">Column whose values become columns.</param>
/// <param name="Call">The aggregate of a cell.</param>
/// <param name="IsCount">Whether a cell without rows is 0 and not NULL.</param>
internal sealed record PivotColumns(IReadOnlyList<ColumnSchema> Index, ColumnSchema Key, string Call, bool IsCount);
