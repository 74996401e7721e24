using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json.Nodes;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queries;

/// <summary>What equal values of an expression have in common.</summary>
internal enum Exactness
{
    /// <summary>Nothing that is known: 0.0 equals -0.0, and one month thirty days.</summary>
    None = 0,

    /// <summary>Their bits.</summary>
    Value = 1,

    /// <summary>Their bits, and their sums are the same in any order.</summary>
    Number = 2,
}

/// <summary>
/// How exact the expressions of a query are. It goes by the names of columns alone, whichever table they are of: a name is no
/// more exact than the least exact column that has it.
/// </summary>
internal sealed class ExactValues
{
    private static readonly FrozenSet<string> Numbers = Words(
        "TINYINT SMALLINT INTEGER BIGINT UTINYINT USMALLINT UINTEGER");

    private static readonly FrozenSet<string> Values = Words(
        "UBIGINT HUGEINT VARCHAR BOOLEAN DATE TIME TIMESTAMP TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS UUID");

    private static readonly FrozenSet<string> Conditions = Words(
        "OPERATOR_NOT OPERATOR_IS_NULL OPERATOR_IS_NOT_NULL COMPARE_IN COMPARE_NOT_IN");

    private static readonly FrozenSet<string> Tests = Words(
        "~~ !~~ ~~* !~~* like_escape not_like_escape ilike_escape not_ilike_escape contains starts_with ends_with prefix suffix "
        + "regexp_matches regexp_full_match bool_and bool_or");

    private static readonly FrozenSet<string> Texts = Words(
        "upper lower ucase lcase substring substr left right trim ltrim rtrim replace concat concat_ws || lpad rpad reverse "
        + "strftime split_part regexp_replace regexp_extract");

    private static readonly FrozenSet<string> WholeNumbers = Words(
        "length strlen year month day quarter week dayofweek dayofyear dayofmonth hour minute date_diff datediff instr strpos "
        + "count count_star");

    private static readonly FrozenSet<string> WholeParts = Words(
        "year month day quarter week dow doy hour minute decade century");

    private static readonly FrozenSet<string> Arithmetic = Words("+ - *");

    private static readonly FrozenSet<string> Choices = Words("min max greatest least ifnull abs date_trunc");

    // These and the above give the same for the same arguments, whenever they are called.
    private static readonly FrozenSet<string> Others = Words(
        "/ // % avg sum count_if countif date_part date_add date_sub to_years to_months to_days to_hours to_minutes to_seconds "
        + "trunc floor ceil round sign sqrt ln log log2 log10 exp pow power ** mod make_date strptime last_day");

    // A sum of values of so many digits does not pass the widest type, in whatever order they come.
    private const int MostDigits = 28;

    private static readonly FrozenSet<string> SafeFunctions =
        Tests.Concat(Texts).Concat(WholeNumbers).Concat(Arithmetic).Concat(Choices).Concat(Others)
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private readonly Dictionary<string, Exactness> names = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> columns = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> relations = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> uses = new(StringComparer.OrdinalIgnoreCase);

    private ExactValues()
    {
    }

    /// <summary>Reads a query.</summary>
    /// <param name="query">A query node.</param>
    /// <param name="tables">Columns of its tables.</param>
    public static ExactValues Of(JsonObject query, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        var values = new ExactValues();
        foreach (var column in tables.Values.SelectMany(table => table))
        {
            values.Lower(column.Name, OfType(column.Type));
            values.CountUse(column.Name);
            values.columns.Add(column.Name);
        }

        values.relations.UnionWith(SqlNodes.Descend(query).SelectMany(RelationsOf));
        var inner = SqlNodes.Descend(query).Where(node => node != query).ToList();
        var named = inner.SelectMany(NamedBy).ToList();
        if (inner.SelectMany(node => node.Items("select_list")).Any(HasNameOfItsText))
        {
            // A column may have the text of an expression for its name.
            named.AddRange(values.columns.Where(name => !IsWord(name)).Select(name => (name, (JsonNode?)null)));
        }

        var hidden = HiddenBy(query, tables);
        foreach (var (name, _) in named.Concat(NamedBy(query)))
        {
            values.CountUse(name);
        }

        named.AddRange(NamedBy(query).Where(pair => !hidden.Contains(pair.Name)));
        foreach (var (name, _) in named)
        {
            values.Lower(name, Exactness.Number);
        }

        // A name that is less exact makes those less exact that are made of it.
        while (named.Count(pair => values.Lower(pair.Name, values.Of(pair.Expression))) > 0)
        {
        }

        return values;
    }

    /// <summary>Whether a name means one thing alone in all of the query: one column of a table, or one expression.</summary>
    public bool IsUnique(string name) => uses.GetValueOrDefault(name) == 1;

    /// <summary>Whether a name before a point, or before a star, is that of a table and nothing else.</summary>
    public bool IsTable(string name) => relations.Contains(name) && !names.ContainsKey(name);

    /// <summary>Names that tables have in a part of a query.</summary>
    public static IEnumerable<string> RelationsOf(JsonObject node)
    {
        if (node["class"] is null && node.Text("type") is "BASE_TABLE" or "SUBQUERY" or "JOIN")
        {
            var alias = node.Text("alias");
            return alias is { Length: > 0 } ? [alias] : node.Text("table_name") is { } name ? [name] : [];
        }

        return [];
    }

    /// <summary>
    /// Whether a call gives the same whenever it is made; aggregates whatever the order of rows, over exact numbers.
    /// </summary>
    public static bool IsSafe(JsonObject call) => SafeFunctions.Contains(call.Text("function_name") ?? "");

    /// <summary>How exact an expression is; null is no expression, and nothing.</summary>
    public Exactness Of(JsonNode? expression) => expression.Text("class") switch
    {
        "COLUMN_REF" => OfNames(SqlNodes.ColumnNames((JsonObject)expression!)),
        "CONSTANT" => OfType(expression!["value"]?["type"] as JsonObject),
        "CAST" => OfType(expression!["cast_type"] as JsonObject),
        "COMPARISON" or "CONJUNCTION" or "BETWEEN" => Exactness.Value,
        "OPERATOR" when Conditions.Contains(expression.Text("type")!) => Exactness.Value,
        "OPERATOR" when expression.Text("type") == "OPERATOR_COALESCE" => Common(expression.Items("children")),
        "CASE" => Common(
            expression.Items("case_checks").Select(check => check["then_expr"]).Append(expression!["else_expr"])),
        "SUBQUERY" => OfSubquery((JsonObject)expression!),
        "FUNCTION" => OfCall((JsonObject)expression!),
        _ => Exactness.None,
    };

    private static FrozenSet<string> Words(string text) => text.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // As a tree has it. Other types than decimals have information where they are not what their name says.
    private static Exactness OfType(JsonObject? type) => type?["type_info"] switch
    {
        JsonObject info when type.Text("id") == "DECIMAL" => OfDigits((int?)info["width"] ?? int.MaxValue),
        null when type.Text("id") is { } name && name != "DECIMAL" => OfName(name),
        _ => Exactness.None,
    };

    // As the engine writes it.
    private static Exactness OfType(string type)
    {
        const string Decimal = "DECIMAL(";
        return !type.StartsWith(Decimal, StringComparison.Ordinal) ? OfName(type)
            : int.TryParse(type[Decimal.Length..].Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var digits)
                ? OfDigits(digits) : Exactness.None;
    }

    private static Exactness OfName(string type) =>
        Numbers.Contains(type) ? Exactness.Number : Values.Contains(type) ? Exactness.Value : Exactness.None;

    private static Exactness OfDigits(int digits) => digits <= MostDigits ? Exactness.Number : Exactness.Value;

    private static bool HasNameOfItsText(JsonObject item) =>
        item.Text("alias") is null or "" && item.Text("class") is not ("COLUMN_REF" or "STAR");

    private static bool IsWord(string name) =>
        name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_') && !char.IsAsciiDigit(name.FirstOrDefault('0'));

    // Names of the outermost SELECT, as sum(n) AS n, that mean columns of its tables wherever they are read, but for its order.
    private static HashSet<string> HiddenBy(JsonObject query, IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables)
    {
        var expressions = query["cte_map"].Items("map").Select(entry => entry.Text("key")!);
        var hidden = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var isOrderedByCall = query.Items("modifiers").SelectMany(modifier => modifier.Items("orders"))
            .Any(order => SqlNodes.Descend(order["expression"]).Any(AggregateFunctions.IsAggregate));
        foreach (var table in isOrderedByCall ? [] : TablesOf(query["from_table"]))
        {
            if (table is null || expressions.Contains(table, StringComparer.OrdinalIgnoreCase)
                || !tables.TryGetValue(table, out var found))
            {
                return [];
            }

            hidden.UnionWith(found.Select(column => column.Name));
        }

        return hidden;
    }

    // Tables of a FROM clause; null for what is none, or has other names for its columns.
    private static IEnumerable<string?> TablesOf(JsonNode? from) => from.Text("type") switch
    {
        "JOIN" => TablesOf(from!["left"]).Concat(
            from.Text("join_type") is "SEMI" or "ANTI" ? [] : TablesOf(from["right"])),
        "BASE_TABLE" when from!["column_name_alias"] is null or JsonArray { Count: 0 } => [from.Text("table_name")],
        _ => [null],
    };

    // Names that a node gives to expressions; null where it is not known to which.
    private static IEnumerable<(string Name, JsonNode? Expression)> NamedBy(JsonObject node)
    {
        foreach (var item in node.Items("select_list"))
        {
            if (item.Text("alias") is { Length: > 0 } alias)
            {
                yield return (alias, item);
            }
            else if (item.IsClass("COLUMN_REF") && SqlNodes.ColumnNames(item) is { Count: > 1 } parts)
            {
                yield return (parts[^1], item);
            }
        }

        var inner = node["subquery"]?["node"] ?? node["query"]?["node"];
        var given = node["column_name_alias"] ?? node["aliases"];
        var items = inner.Text("type") == "SELECT_NODE" ? inner.Items("select_list").ToList() : [];
        for (var index = 0; given is JsonArray list && index < list.Count; index++)
        {
            var isPlain = index < items.Count && !items.Take(index + 1).Any(item => item.IsClass("STAR"));
            yield return (list[index]!.GetValue<string>(), isPlain ? items[index] : null);
        }
    }

    private void CountUse(string name) => uses[name] = uses.GetValueOrDefault(name) + 1;

    private bool Lower(string name, Exactness exactness)
    {
        if (names.TryGetValue(name, out var known) && known <= exactness)
        {
            return false;
        }

        names[name] = exactness;
        return true;
    }

    // Of s.f the first may be a table or a column with fields, which is not exact.
    private Exactness OfNames(IReadOnlyList<string> parts) =>
        parts.Take(parts.Count - 1).All(IsTable) ? names.GetValueOrDefault(parts[^1]) : Exactness.None;

    private Exactness OfSubquery(JsonObject expression) => expression.Text("subquery_type") switch
    {
        "EXISTS" or "NOT_EXISTS" or "ANY" => Exactness.Value,
        "SCALAR" when expression["subquery"]?["node"] is JsonObject node && node.Text("type") == "SELECT_NODE"
            && node.Items("select_list").ToList() is [var only] => Of(only),
        _ => Exactness.None,
    };

    private Exactness OfCall(JsonObject call)
    {
        var function = call.Text("function_name") ?? "";
        var arguments = call.Items("children").ToList();
        if (Tests.Contains(function))
        {
            return Exactness.Value;
        }

        if (WholeNumbers.Contains(function) || (function.Equals("date_part", StringComparison.OrdinalIgnoreCase)
            && arguments is [{ } part, _] && WholeParts.Contains(Convert.ToString(
                part["value"]?["value"], CultureInfo.InvariantCulture) ?? "")))
        {
            return Exactness.Number;
        }

        if (Texts.Contains(function))
        {
            return arguments.TrueForAll(argument => Of(argument) > Exactness.None) ? Exactness.Value : Exactness.None;
        }

        if (Arithmetic.Contains(function))
        {
            return arguments.TrueForAll(argument => Of(argument) == Exactness.Number) ? Exactness.Number : Exactness.None;
        }

        // A sum of whole numbers is wider than they are: sums of sums may pass the widest.
        return Choices.Contains(function) ? Common(arguments)
            : function.Equals("sum", StringComparison.OrdinalIgnoreCase) && Common(arguments) == Exactness.Number
                ? Exactness.Value : Exactness.None;
    }

    // Of values of which one is chosen: alike they are of one type, or of whole numbers and decimals.
    private Exactness Common(IEnumerable<JsonNode?> expressions)
    {
        var found = expressions.Where(expression => expression is not null && !IsNull(expression)).Select(Of).Distinct().ToList();
        return found is [var one] ? one : Exactness.None;
    }

    private static bool IsNull(JsonNode expression) =>
        expression.IsClass("CONSTANT") && expression["value"]?["is_null"] is JsonValue value && value.GetValue<bool>();
}
