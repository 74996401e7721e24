namespace Orleans.Cluster.WebConsole.Format;

/// <summary>A field of a form: where it is in the job, what it is called, what it holds.</summary>
public sealed record FormField(string Pointer, string Label, FieldKind Kind, string? Hint = null);

/// <summary>The fields of each operation. What is not here is written as JSON.</summary>
internal static class OperationForms
{
    private static readonly FormField Where = new(
        "/parameters/where", "Where", FieldKind.Expression, "An SQL condition, such as count > 0.");
    private static readonly FormField Limit = new("/parameters/limit", "Limit", FieldKind.Number, "At most so many rows.");

    /// <summary>How the files of a source are read, where the guess is not what they hold.</summary>
    public static IReadOnlyList<FormField> Source { get; } =
    [
        new("/source/format", "Format", FieldKind.Text, "CSV, TSV, PARQUET, NDJSON, VCF, ... By the file when empty."),
        new("/source/options/delimiter", "Delimiter", FieldKind.Delimiter, "; or tab, space, whitespace. Guessed when empty."),
        new("/source/options/header", "Has a header", FieldKind.YesOrNo),
        new("/source/options/nullValues", "Null words", FieldKind.Columns, "Texts that stand for no value, such as NA, -9."),
        new("/source/options/skipLines", "Lines to skip", FieldKind.Number),
        new("/source/options/comment", "Comment", FieldKind.Text, "Lines that begin with it are passed over, such as #."),
        new("/source/options/encoding", "Encoding", FieldKind.Text, "UTF-8 when empty."),
    ];

    public static IReadOnlyList<FormField> Of(string operation) => operation switch
    {
        "aggregate" =>
        [
            new("/parameters/groupBy", "Group by", FieldKind.Columns,
                "Columns with commas between them; none for one row over all."),
            new("/parameters/aggregates", "Aggregates", FieldKind.Aggregates, "One a line: sum(count) as total"),
            Where, new("/parameters/having", "Having", FieldKind.Expression),
            new("/parameters/orderBy", "Order by", FieldKind.Order, "total desc, gene"), Limit,
        ],
        "filter" => [Where],
        "select" => [new("/parameters/columns", "Columns", FieldKind.Columns), Where],
        "distinct" => [new("/parameters/columns", "Columns", FieldKind.Columns, "All when none is named.")],
        "sort" => [new("/parameters/by", "By", FieldKind.Order, "total desc, gene"), Limit],
        "sample" =>
        [
            new("/parameters/fraction", "Fraction", FieldKind.Number, "0 to 1, or give rows."),
            new("/parameters/rows", "Rows", FieldKind.Number),
            new("/parameters/seed", "Seed", FieldKind.Number, "The same seed gives the same rows."),
        ],
        "profile" =>
            [new("/parameters/columns", "Columns", FieldKind.Columns, "All when none is named."),
                new("/parameters/exact", "Exact figures", FieldKind.Flag)],
        "melt" =>
        [
            new("/parameters/id", "Columns to keep", FieldKind.Columns),
            new("/parameters/columns", "Columns to turn into rows", FieldKind.Columns),
            new("/parameters/nameColumn", "Column for the names", FieldKind.Text),
            new("/parameters/valueColumn", "Column for the values", FieldKind.Text),
        ],
        "pivot" =>
        [
            new("/parameters/index", "Columns to keep", FieldKind.Columns),
            new("/parameters/key", "Column that becomes names", FieldKind.Text),
            new("/parameters/value", "Column that becomes values", FieldKind.Text),
            new("/parameters/function", "Function", FieldKind.Text, "sum when none is named."),
            new("/parameters/as", "Form", FieldKind.Text, "COLUMNS, at most 1,000 of them, when none is named; or LIST."),
        ],
        "sql" => [new(
            "/parameters/query", "Query", FieldKind.Expression,
            "One SELECT. A text in place of a table, FROM 'folder/*.csv', is a source.")],
        _ => [],
    };
}
