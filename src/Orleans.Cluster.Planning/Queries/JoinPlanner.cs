using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>
/// Joins two relations: the small one is given whole to every task of the large one, or both are sent to the targets of their
/// keys' hash.
/// </summary>
internal sealed class JoinPlanner(PlanDraft draft)
{
    private readonly AskedRows asked = new(draft);

    /// <summary>The joined rows, as far as possible without a stage of their own.</summary>
    /// <param name="kind">Any kind but a right join, which is a left join of the other way round.</param>
    /// <param name="left">The side whose rows a left, semi or anti join keeps.</param>
    /// <param name="right">The other side. The two have no column name in common.</param>
    /// <param name="conditions">Conditions over both, that must all hold.</param>
    /// <param name="needed">Columns that are used later; others are left out.</param>
    public async Task<Relation> Join(
        JoinType kind, Relation left, Relation right, IReadOnlyList<JsonObject> conditions, IReadOnlySet<string> needed)
    {
        var keys = await JoinKey.Find(draft, left, right, conditions);
        if (kind == JoinType.Inner && IsBetterDriver(right, left))
        {
            (left, right) = (right, left);
            keys = [.. keys.Select(key => new JoinKey(key.Right, key.Left, key.RightColumn, key.LeftColumn, key.Type))];
        }

        var carried = new HashSet<string>(
            needed.Concat(conditions.SelectMany(SqlNodes.References)), StringComparer.OrdinalIgnoreCase);
        (left, right, var spread) = await Together(kind, left, right, (keys, conditions), carried);
        var names = kind is JoinType.Semi or JoinType.Anti ? left.Columns : left.Columns.Concat(right.Columns);
        var kept = names.Select(column => column.Name)
            .Where(needed.Contains).Select(SqlText.Name).DefaultIfEmpty($"1 AS {OwnName.One}");
        var joined = await draft.Select(
            left with { Inputs = [.. left.Inputs, .. right.Inputs], Notes = [.. left.Notes, .. right.Notes] },
            $"SELECT {string.Join(", ", kept)} FROM {left.Source} {await Words(kind, conditions, right)}");
        return joined with
        {
            Spread = spread, Size = JoinSize.Of(kind, left, right, keys, joined.Columns),
            Distinct = JoinSize.Distinct(left, right, keys), KeySources = KeySource.OfJoin(kind, left, right, keys),
        };
    }

    /// <summary>The rows as a stage of their own, which a later one reads partition by partition.</summary>
    public async Task<Relation> Stored(Relation rows, IReadOnlySet<string> carried)
    {
        var stage = await Asking(rows, carried);
        return rows.Spread is Spread.One ? draft.Gather(stage) : draft.Read(stage, InputMode.Partition, new Spread.Parts());
    }

    /// <summary>The rows as a stage of their own, which each task of a later one reads whole.</summary>
    public async Task<Relation> Whole(Relation rows, IReadOnlySet<string> carried) => draft.Gather(await Asking(rows, carried));

    private async Task<StageHandle> Asking(Relation rows, IReadOnlySet<string> carried) => draft.AddStage(
        await Trimmed(rows, carried), "asking", "Its keys reach the tasks that write rows of another table.");

    // Rows stay where the larger side is. One task gives way to many.
    private bool IsBetterDriver(Relation one, Relation other) =>
        (one.Spread is Spread.One) == (other.Spread is Spread.One)
            ? one.Size.Bytes > other.Size.Bytes
            : one.Spread is not Spread.One
            && (other.Size.Bytes <= draft.Limits.BroadcastBytes || one.Size.Bytes > other.Size.Bytes);

    private async Task<string> Words(JoinType kind, IReadOnlyList<JsonObject> conditions, Relation right)
    {
        if (kind == JoinType.Inner && conditions.Count == 0)
        {
            return $"CROSS JOIN {right.Source}";
        }

        var texts = await draft.RenderExpressions(conditions);
        return $"{kind.ToString().ToUpperInvariant()} JOIN {right.Source} ON "
            + $"{string.Join(" AND ", texts.DefaultIfEmpty("true"))}";
    }

    // Both sides where rows that may match are in one task.
    private async Task<(Relation Left, Relation Right, Spread Spread)> Together(
        JoinType kind, Relation left, Relation right,
        (IReadOnlyList<JoinKey> Keys, IReadOnlyList<JsonObject> Conditions) on, IReadOnlySet<string> carried)
    {
        var keys = on.Keys;
        if (left.Spread is Spread.One && right.Spread is Spread.One)
        {
            return (left, right, left.Spread);
        }

        if (kind == JoinType.Full && keys.Count == 0)
        {
            const string Why = "A full join without a key sees all rows of both sides at once.";
            return (await Gathered(left, carried, Why), await Gathered(right, carried, Why), new Spread.One());
        }

        if (kind != JoinType.Full && (right.Size.Bytes <= draft.Limits.BroadcastBytes || keys.Count == 0))
        {
            return (left, await Broadcast(right, keys.Count == 0, carried), left.Spread);
        }

        return await Exchanged(kind, left, right, on, carried);
    }

    private async Task<Relation> Broadcast(Relation right, bool hasNoKey, IReadOnlySet<string> carried)
    {
        var note = hasNoKey
            ? $"{Describe(right)} goes whole to every task of the join, which has no key to partition it by."
            : $"{Describe(right)} goes whole to every task of the join: not above {Amount(draft.Limits.BroadcastBytes)}.";
        var isDirect = right.Spread is Spread.One && right.Inputs.All(input => input.Input.Mode == InputMode.All)
            && (right.IsStored || right.Inputs.Sum(input => input.Bytes) <= draft.Limits.DirectBytes);
        var broadcast = isDirect ? right : draft.Gather(draft.AddStage(await Trimmed(right, carried), "broadcast", note));
        return broadcast with { Notes = [.. broadcast.Notes, note] };
    }

    private async Task<Relation> Gathered(Relation relation, IReadOnlySet<string> carried, string note) =>
        relation.Spread is Spread.One ? relation : draft.Gather(draft.AddStage(await Trimmed(relation, carried), "scan", note));

    private async Task<(Relation Left, Relation Right, Spread Spread)> Exchanged(
        JoinType kind, Relation left, Relation right,
        (IReadOnlyList<JoinKey> Keys, IReadOnlyList<JsonObject> Conditions) on, IReadOnlySet<string> carried)
    {
        var keys = on.Keys;

        // Rows that already lie by the hash of some keys stay; the others come to them.
        var leftOrder = Matching(left.Spread, keys, key => key.LeftColumn);
        var rightOrder = leftOrder is null ? Matching(right.Spread, keys, key => key.RightColumn) : null;
        var order = leftOrder ?? rightOrder ?? keys;
        var known = ((leftOrder is null ? right.Spread : left.Spread) as Spread.Hashed)?.Targets;
        var canStay = leftOrder is not null && IsSame(right.Spread, order, key => key.RightColumn, known ?? 0);
        var (ofLeft, ofRight) = Filters(
            kind, left, right, on.Conditions, (leftOrder is null, rightOrder is null && !canStay));
        var targets = leftOrder is null && rightOrder is null
            ? draft.Limits.Targets(
                left.Size.Times(ofLeft?.Share ?? 1).Bytes + right.Size.Times(ofRight?.Share ?? 1).Bytes)
            : known!.Value;
        var note = $"{Describe(left)} and {Describe(right)} are both too large to go whole to every task "
            + $"(above {Amount(draft.Limits.BroadcastBytes)}), so rows of equal keys meet by the hash of "
            + $"{string.Join(", ", order.Select(key => key.Left))}.";
        var isNew = leftOrder is null && rightOrder is null;
        Func<Relation, Task<Relation>> moveLeft = async rows => leftOrder is not null ? rows.Pinned()
            : await Exchange(rows, [.. order.Select(key => (key.Left, key.Type))], targets, carried, note);
        Func<Relation, Task<Relation>> moveRight = async rows => rightOrder is not null || canStay ? rows.Pinned()
            : await Exchange(rows, [.. order.Select(key => (key.Right, key.Type))], targets, carried, note);
        Relation newLeft, newRight;
        if (ofLeft is null)
        {
            newLeft = await moveLeft(left);
            newRight = await moveRight(await Asked(right, ofRight, newLeft));
        }
        else
        {
            newRight = await moveRight(right);
            newLeft = await moveLeft(await Asked(left, ofLeft, newRight));
        }

        (newLeft, newRight) = Splittable(kind, newLeft, newRight, isNew);
        string[] notes = isNew && kind != JoinType.Full
            ? [note, "A target with far too many rows is shared out over several tasks."] : [note];
        return (newLeft with
        {
            Notes = [.. newLeft.Notes, .. notes],
        }, newRight, new Spread.Hashed([.. order.Select(key => Hash(kind, key))], targets));
    }

    // Rows that can match nothing are dropped before they are written: of the side that is spared more bytes by that.
    private (KeyFilter? OfLeft, KeyFilter? OfRight) Filters(
        JoinType kind, Relation left, Relation right, IReadOnlyList<JsonObject> conditions, (bool Left, bool Right) moves)
    {
        var pairs = AskedRows.Pairs(left, right, conditions).ToList();
        var ofRight = !moves.Right || !KeyFilter.MayDropRight(kind) ? null : KeyFilter.Best(
            draft.Limits, KeyFilter.Of(left, right, pairs, moves.Left), right.Size.Bytes, draft.MostPartitions);
        var ofLeft = !moves.Left || !KeyFilter.MayDropLeft(kind) ? null : KeyFilter.Best(
            draft.Limits, KeyFilter.Of(right, left, pairs.Select(pair => (pair.Other, pair.One)), moves.Right), left.Size.Bytes,
            draft.MostPartitions);
        return (ofLeft, ofRight) switch
        {
            ({ } one, { } other) when left.Size.Bytes * (1 - one.Share) > right.Size.Bytes * (1 - other.Share) => (one, null),
            ({ }, { } other) => (null, other),
            var either => either,
        };
    }

    private Task<Relation> Asked(Relation rows, KeyFilter? filter, Relation others) => filter is null ? Task.FromResult(rows)
        : asked.Filter(rows, filter.Source.Stage is null
            ? filter with { Source = others.KeySources[filter.Source.Column] } : filter);

    // A task whose key is far too common is split when it opens: the rows of one side are shared out, those of the other go to
    // each part.
    private static (Relation Left, Relation Right) Splittable(JoinType kind, Relation left, Relation right, bool isNew) =>
        (isNew, kind) switch
    {
        (false, _) or (_, JoinType.Full) => (left, right),
        _ => (left.Splittable(), kind == JoinType.Inner ? right.Splittable() : right),
    };

    private async Task<Relation> Exchange(
        Relation relation, IReadOnlyList<(string Expression, string Type)> keys, int targets, IReadOnlySet<string> carried,
        string note)
    {
        var trimmed = await Trimmed(relation, carried);
        var hash = string.Join(", ", keys.Select(key => $"CAST({key.Expression} AS {key.Type})"));
        var stage = draft.AddExchange(trimmed, "exchange", $"hash({hash}) % {targets}", targets, note);
        var read = draft.Read(stage, InputMode.Target, new Spread.Parts());
        return read with
        {
            Distinct = relation.Distinct, KeySources = KeySource.Fewest(read.KeySources, relation.KeySources),
        };
    }

    // Only columns that are used later pass a file.
    private async Task<Relation> Trimmed(Relation relation, IReadOnlySet<string> carried)
    {
        var kept = relation.Columns.Where(column => carried.Contains(column.Name)).ToList();
        if (kept.Count == relation.Columns.Count)
        {
            return relation;
        }

        var columns = kept.Count == 0 ? $"1 AS {OwnName.One}" : SqlText.Names(kept.Select(column => column.Name));
        var trimmed = await draft.Select(relation, $"SELECT {columns} FROM {relation.Source}");
        return trimmed with
        {
            Size = new SizeEstimate(relation.Size.Rows, JoinSize.Bytes(relation, trimmed.Columns)),
            KeySources = relation.KeySources,
        };
    }

    // The keys in the order in which rows were hashed, when each hashed key is one of them and in the same type.
    private static List<JoinKey>? Matching(Spread spread, IReadOnlyList<JoinKey> keys, Func<JoinKey, string?> column)
    {
        if (spread is not Spread.Hashed hashed)
        {
            return null;
        }

        var found = hashed.Keys.Select(hash => keys.FirstOrDefault(key => key.Type == hash.Type
            && column(key) is { } name && hash.Columns.Contains(name, StringComparer.OrdinalIgnoreCase))).ToList();
        return found.Count > 0 && found.TrueForAll(key => key is not null) ? [.. found.OfType<JoinKey>()] : null;
    }

    private static bool IsSame(Spread spread, IReadOnlyList<JoinKey> order, Func<JoinKey, string?> column, int targets) =>
        spread is Spread.Hashed hashed && hashed.Targets == targets && hashed.Keys.Count == order.Count
        && Matching(spread, order, column) is { } found && found.SequenceEqual(order);

    // Where the right side may be missing, its column is NULL in rows that lie by the left one's value.
    private static HashKey Hash(JoinType kind, JoinKey key)
    {
        string?[] columns = kind switch
        {
            JoinType.Inner => [key.LeftColumn, key.RightColumn],
            JoinType.Full => [],
            _ => [key.LeftColumn],
        };
        return new HashKey([.. columns.OfType<string>()], key.Type);
    }

    private static string Describe(Relation relation)
    {
        var names = relation.Inputs.Select(input => input.Input.Dataset ?? $"stage {input.Input.Stage}").Distinct().Take(3);
        return $"{string.Join(" with ", names)} (about {Amount(relation.Size.Bytes)})";
    }

    private static string Amount(long bytes) => bytes >= 1 << 20
        ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.#} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB");
}
