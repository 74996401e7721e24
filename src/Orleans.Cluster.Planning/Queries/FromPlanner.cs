using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Rows of a FROM clause under conditions. Each condition is tested as early as the tables that it needs are there.
/// </summary>
/// <param name="draft">The plan.</param>
/// <param name="derived">Plans a query in the place of a table.</param>
/// <param name="filter">Keeps the rows of a relation that meet conditions.</param>
internal sealed class FromPlanner(
    PlanDraft draft, Func<JsonObject, IReadOnlyList<KeyFilter>, Task<Relation>> derived,
    Func<Relation, IReadOnlyList<JsonObject>, Task<Relation>> filter)
{
    private readonly JoinPlanner joins = new(draft);
    private readonly AskedRows asked = new(draft);

    /// <summary>The rows that meet all conditions, with the needed columns at least.</summary>
    /// <param name="node">The clause, or a part of it.</param>
    /// <param name="conditions">The conditions.</param>
    /// <param name="needed">The columns.</param>
    /// <param name="filters">Of a query in the place of a table, if this is all of the clause.</param>
    public async Task<Relation> Plan(
        FromNode node, IReadOnlyList<JsonObject> conditions, IReadOnlySet<string> needed,
        IReadOnlyList<KeyFilter>? filters = null)
    {
        var members = new List<FromNode>();
        var all = conditions.ToList();
        Flatten(node, members, all);
        var tables = members.ConvertAll(member => (IReadOnlySet<string>)member.Names.ToHashSet(StringComparer.OrdinalIgnoreCase));
        all = [.. Predicates.WithImplied(all, tables)];
        var own = tables.ConvertAll(names =>
            all.Where(condition => SqlNodes.References(condition).Any() && Predicates.IsOver(condition, names)).ToList());
        var rest = all.Except(own.SelectMany(list => list)).ToList();
        var carried = Names(needed, rest);
        var relations = new Relation[members.Count];
        foreach (var (index, member) in members.Index().Where(pair => !IsQuery(pair.Item)))
        {
            relations[index] = await Member(member, own[index], carried, []);
        }

        // A query is planned last, as it may be one for few keys of the others.
        foreach (var (index, member) in members.Index().Where(pair => IsQuery(pair.Item)))
        {
            var there = Enumerable.Range(0, relations.Length).Where(place => relations[place] is not null).ToList();
            (var others, relations[index]) = await asked.Plan(
                there.ConvertAll(place => relations[place]), rest,
                keys => Member(member, own[index], carried, [.. filters ?? [], .. keys]),
                rows => joins.Whole(rows, carried));
            foreach (var (place, other) in there.Zip(others))
            {
                relations[place] = other;
            }
        }

        return await InOrder([.. relations], rest, needed);
    }

    private bool IsQuery(FromNode node) => node is FromTable table && table.Node.Text("type") == "SUBQUERY"
        && !draft.Shared.IsRepeated(table.Node);

    private static void Flatten(FromNode node, List<FromNode> members, List<JsonObject> conditions)
    {
        if (node is FromJoin { Kind: JoinType.Inner } join)
        {
            conditions.AddRange(join.On);
            Flatten(join.Left, members, conditions);
            Flatten(join.Right, members, conditions);
            return;
        }

        members.Add(node);
    }

    private async Task<Relation> Member(
        FromNode member, IReadOnlyList<JsonObject> conditions, IReadOnlySet<string> carried, IReadOnlyList<KeyFilter> filters) =>
        member switch
    {
        FromTable table => await filter(await Table(table, Names(carried, conditions), filters), conditions),
        FromJoin { Kind: JoinType.Right } join =>
            await Outer(join with { Kind = JoinType.Left, Left = join.Right, Right = join.Left }, conditions, carried),
        FromJoin join => await Outer(join, conditions, carried),
        _ => throw new ArgumentException($"{member} cannot be part of a FROM clause."),
    };

    private async Task<Relation> Table(FromTable table, IReadOnlySet<string> carried, IReadOnlyList<KeyFilter> filters)
    {
        var used = table.Columns.Zip(table.Sources).Where(pair => carried.Contains(pair.First.Internal)).ToList();
        if (table.Node.Text("type") == "EMPTY")
        {
            return PlanDraft.OneRow;
        }

        if (table.Node.Text("type") == "BASE_TABLE")
        {
            var scan = draft.Scan(table.Node.Text("table_name")!, [.. used.Select(pair => pair.Second)]);
            return Renamed(table, scan, [.. used.Select(pair => (pair.Second, pair.First.Internal))]);
        }

        var places = table.Columns.ToList();
        var rows = await derived(table.Node, [.. filters.Select(keys => keys with
        {
            Item = places.FindIndex(column => Scope.Same(column.Internal, keys.Column)),
        })]);
        var columns = table.Columns.Zip(rows.Columns).Where(pair => carried.Contains(pair.First.Internal));
        return Renamed(table, rows, [.. columns.Select(pair => (pair.Second.Name, pair.First.Internal))]);
    }

    private static Relation Renamed(FromTable table, Relation rows, IReadOnlyList<(string From, string To)> columns)
    {
        if (columns.Count == 0)
        {
            // A name that it has not in the query may be that of another table's column there.
            return rows.Names.IsSubsetOf(table.Names) ? rows : PlanDraft.Select(
                rows, $"SELECT 1 AS {OwnName.One} FROM {rows.Source}", [new ColumnSchema(OwnName.One, "INTEGER")]);
        }

        if (columns.Count == rows.Columns.Count && columns.All(pair => pair.From == pair.To))
        {
            return rows;
        }

        var select = string.Join(", ", columns.Select(pair => $"{SqlText.Name(pair.From)} AS {SqlText.Name(pair.To)}"));
        var from = rows.ColumnsOf(columns.Select(pair => pair.From));
        var renamed = PlanDraft.Select(
            rows, $"SELECT {select} FROM {rows.Source}",
            [.. from.Zip(columns, (column, pair) => column with { Name = pair.To })]);
        return renamed with
        {
            Size = new SizeEstimate(rows.Size.Rows, JoinSize.Bytes(rows, from)),
            Distinct = columns.ToDictionary(
                pair => pair.To, pair => rows.DistinctOf(pair.From), StringComparer.OrdinalIgnoreCase),
            Origins = rows.OriginsOf(columns),
            KeySources = columns.Where(pair => rows.KeySources.ContainsKey(pair.From))
                .ToDictionary(pair => pair.To, pair => rows.KeySources[pair.From], StringComparer.OrdinalIgnoreCase),
        };
    }

    // A condition above the join may be tested below it on the side that keeps its rows; one of the join itself on the other
    // side.
    private async Task<Relation> Outer(FromJoin join, IReadOnlyList<JsonObject> above, IReadOnlySet<string> needed)
    {
        var left = join.Left.Names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var right = join.Right.Names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var isFull = join.Kind == JoinType.Full;
        var before = above.Where(condition => !isFull && Predicates.IsOver(condition, left)).ToList();
        var after = above.Except(before).ToList();
        var onRight = join.On.Where(condition => !isFull && SqlNodes.References(condition).Any()
            && Predicates.IsOver(condition, right)).ToList();
        var on = join.On.Except(onRight).ToList();
        var output = Names(needed, after);
        var carried = Names(output, on);
        var kept = await Plan(join.Left, before, carried);
        var (others, other) = IsQuery(join.Right) && KeyFilter.MayDropRight(join.Kind)
            ? await asked.Plan(
                [kept], on, keys => Plan(join.Right, onRight, carried, keys), rows => joins.Stored(rows, carried))
            : ([kept], await Plan(join.Right, onRight, carried));
        return await filter(await joins.Join(join.Kind, others[0], other, on, output), after);
    }

    private async Task<Relation> InOrder(List<Relation> relations, List<JsonObject> conditions, IReadOnlySet<string> needed)
    {
        JoinOrder.ShareDistinct(relations, conditions);
        var current = JoinOrder.Largest(relations);
        relations.Remove(current);
        while (relations.Count > 0)
        {
            var next = JoinOrder.Next(draft.Limits, current, relations, conditions);
            relations.Remove(next);
            var both = current.Names.Union(next.Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
            var now = conditions.Where(condition => SqlNodes.References(condition).Any() && Predicates.IsOver(condition, both))
                .ToList();
            conditions = [.. conditions.Except(now)];

            // A condition with a subquery reads a table of its own, which belongs to a filter.
            var on = now.Where(condition => !Predicates.HasSubquery(condition)).ToList();
            var filters = now.Except(on).ToList();
            current = await joins.Join(JoinType.Inner, current, next, on, Names(needed, conditions, filters));
            current = await filter(current, filters);
        }

        return await filter(current, conditions);
    }

    private static HashSet<string> Names(IReadOnlySet<string> needed, params IEnumerable<IReadOnlyList<JsonObject>> conditions) =>
        new(needed.Concat(conditions.SelectMany(list => list).SelectMany(SqlNodes.References)), StringComparer.OrdinalIgnoreCase);
}
