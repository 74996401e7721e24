using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queries;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>
/// Checks the parameters of each operation. Names of columns and text of SQL are left to planning, which sees the data.
/// </summary>
internal static class ParametersForm
{
    private const int MaxSqlLength = ParameterBounds.MaxSqlLength;
    private const int MaxNameLength = ParameterBounds.MaxNameLength;

    private static readonly string[] Functions = [.. AggregateCatalogue.All.Select(function => function.Name)];

    private static readonly string[] PivotFunctions =
        [.. AggregateCatalogue.All.Where(function => function.IsOfPivot).Select(function => function.Name)];

    /// <param name="operation">Which operation.</param>
    /// <param name="form">Its parameters.</param>
    /// <param name="sources">Names of <c>sources</c>; null when there is none.</param>
    public static void Check(OperationKind operation, FormObject form, IReadOnlyCollection<string>? sources)
    {
        switch (operation)
        {
            case OperationKind.Aggregate:
                CheckAggregate(form);
                break;
            case OperationKind.Filter:
                form.RequiredText("where", "The condition that kept rows meet", MaxSqlLength);
                break;
            case OperationKind.Select:
                CheckSelect(form);
                break;
            case OperationKind.Distinct:
                Columns(form, "columns");
                break;
            case OperationKind.Sort:
                CheckOrder(form, "by");
                RequireItems(form, "by", "At least one key");
                form.Whole("limit", 0, long.MaxValue);
                break;
            case OperationKind.Join:
                CheckJoin(form, sources);
                break;
            case OperationKind.Sample:
                CheckSample(form);
                break;
            case OperationKind.Profile:
                Columns(form, "columns");
                form.Flag("exact");
                break;
            case OperationKind.Melt:
                CheckMelt(form);
                break;
            case OperationKind.Pivot:
                CheckPivot(form);
                break;
            case OperationKind.Sql:
                form.RequiredText("query", "One SELECT", MaxSqlLength);
                break;
        }

        form.Close();
    }

    private static void CheckAggregate(FormObject form)
    {
        var names = new HashSet<string>(Columns(form, "groupBy") ?? [], StringComparer.OrdinalIgnoreCase);
        foreach (var aggregate in form.Objects("aggregates"))
        {
            CheckOneAggregate(aggregate);
            if (aggregate.Text("as", MaxNameLength) is { } name && !names.Add(name))
            {
                form.Faults.Add(
                    aggregate.At("as"), FaultCodes.Duplicate, $"The result has a column '{FormObject.Short(name)}' already.");
            }

            aggregate.Close();
        }

        form.Text("where", MaxSqlLength);
        form.Text("having", MaxSqlLength);
        CheckOrder(form, "orderBy");
        form.Whole("limit", 0, long.MaxValue);
    }

    private static void CheckOneAggregate(FormObject form)
    {
        if (form.Require("function", "The function") is not null && form.Word("function", Functions) is { } function)
        {
            CheckOperands(form, function);
        }

        form.Text("column", 2 * MaxNameLength);
        form.Flag("distinct");
        form.Number("q", q => q is >= 0 and <= 1, "0 to 1");
        form.Text("separator", mayBeEmpty: true);
    }

    private static void CheckOperands(FormObject form, string function)
    {
        if (function != "count" && !form.Has("column"))
        {
            form.Faults.Add(form.At("column"), FaultCodes.Required, $"The column that {function} is of is required.");
        }

        if (function == "quantile_cont" && !form.Has("q"))
        {
            form.Faults.Add(form.At("q"), FaultCodes.Required, "The quantile, 0 to 1, is required.");
        }

        if (function != "quantile_cont" && form.Has("q"))
        {
            form.Faults.Add(form.At("q"), FaultCodes.Conflict, $"A quantile is for quantile_cont, not for {function}.");
        }

        if (function != "string_agg" && form.Has("separator"))
        {
            form.Faults.Add(form.At("separator"), FaultCodes.Conflict, $"A separator is for string_agg, not for {function}.");
        }

        if (function == "count" && !form.Has("column") && form.Find("distinct") is { ValueKind: JsonValueKind.True })
        {
            form.Faults.Add(form.At("column"), FaultCodes.Required, "The column whose distinct values are counted is required.");
        }
    }

    private static void CheckSelect(FormObject form)
    {
        RequireItems(form, "columns", "At least one column");
        foreach (var (item, pointer) in form.Items("columns"))
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                form.TextOf(item, pointer, MaxNameLength, mayBeEmpty: false);
            }
            else if (FormObject.Open(item, pointer, form.Faults) is { } column)
            {
                CheckSelectColumn(column);
            }
        }

        form.Text("where", MaxSqlLength);
    }

    private static void CheckSelectColumn(FormObject column)
    {
        column.Text("column", MaxNameLength);
        column.Text("expression", MaxSqlLength);
        column.Text("as", MaxNameLength);
        if (column.Has("column") == column.Has("expression"))
        {
            column.Faults.Add(column.Pointer, column.Has("column")
                ? FaultCodes.Conflict
                : FaultCodes.Required, "Give either 'column' or 'expression'.");
        }

        column.Close();
    }

    private static void CheckJoin(FormObject form, IReadOnlyCollection<string>? sources)
    {
        foreach (var side in new[] { "left", "right" })
        {
            if (form.RequiredText(side, "A name of 'sources'", MaxNameLength) is { } name && sources is not null
                && !sources.Contains(name))
            {
                form.Faults.Add(
                    form.At(side), FaultCodes.InvalidValue,
                    $"There is no source '{FormObject.Short(name)}'. {Suggestion.For(name, sources)}");
            }
        }

        RequireItems(form, "on", "At least one pair of columns");
        foreach (var key in form.Objects("on"))
        {
            key.RequiredText("left", "A column of the left source", MaxNameLength);
            key.RequiredText("right", "A column of the right source", MaxNameLength);
            key.Close();
        }

        form.Word<JoinKind>("how");
        Columns(form, "columns");
    }

    private static void CheckSample(FormObject form)
    {
        form.Number("fraction", share => share is > 0 and <= 1, "above 0 and at most 1");
        form.Whole("rows", 0, long.MaxValue);
        form.Whole("seed", long.MinValue, long.MaxValue);
        if (form.Has("fraction") == form.Has("rows"))
        {
            form.Faults.Add(form.Pointer, form.Has("rows")
                ? FaultCodes.Conflict
                : FaultCodes.Required, "Give either 'fraction' or 'rows'.");
        }
    }

    private static void CheckMelt(FormObject form)
    {
        var id = Columns(form, "id") ?? [];
        var columns = Columns(form, "columns") ?? [];
        foreach (var both in id.Intersect(columns, StringComparer.OrdinalIgnoreCase))
        {
            form.Faults.Add(
                form.At("columns"), FaultCodes.Conflict, $"'{FormObject.Short(both)}' cannot both stay and become rows.");
        }

        form.Text("nameColumn", MaxNameLength);
        form.Text("valueColumn", MaxNameLength);
    }

    private static void CheckPivot(FormObject form)
    {
        RequireItems(form, "index", "At least one column");
        Columns(form, "index");
        form.RequiredText("key", "The column whose values become columns", MaxNameLength);
        form.RequiredText("value", "The column of the values", MaxNameLength);
        form.Word("function", PivotFunctions);
        form.Word<PivotForm>("as");
    }

    private static void CheckOrder(FormObject form, string name)
    {
        foreach (var key in form.Objects(name))
        {
            key.RequiredText("column", "A column", MaxNameLength);
            key.Flag("descending");
            key.Flag("nullsFirst");
            key.Close();
        }
    }

    private static IReadOnlyList<string>? Columns(FormObject form, string name) =>
        form.Texts(name, MaxNameLength, distinct: true);

    private static void RequireItems(FormObject form, string name, string what)
    {
        if (form.Require(name, what) is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() == 0)
        {
            form.Faults.Add(form.At(name), FaultCodes.Required, $"{what} is required.");
        }
    }
}
