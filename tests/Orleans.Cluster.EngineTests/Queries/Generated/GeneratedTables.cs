using System.Globalization;

namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>
/// Small tables with NULL, NaN, repeated rows and keys, and one without rows. Doubles are multiples of a quarter, so that their
/// sums are exact in any order.
/// </summary>
internal static class GeneratedTables
{
    private const int MostRows = 40;
    private const int OursEvery = 4;

    // Names that the product gives to columns, tables and parameters of its own statements. Not rowid, which each table of the
    // engine that is compared with has unseen, and which its NATURAL joins see.
    private static readonly string[] Ours =
    [
        "x0", "y0", "x1", "a", "b", "t", "n", "r", "q", "i", "c0", "c1", "v", "m", "_sort", "_range", "_borders", "_x1_v",
        "_x1_a0", "_x1_0", "_x2_0", "_a0",
        "_a1", "_o0", "_one", "_position", "_step", "_round", "_count", "key", "value", "line", "number", "json", "keys",
        "filename", "file_row_number", "__file",
        "__value0", "__path", "__rows", "__first", "__count", "part", "target", "source", "generate_series", "range", "unnest",
    ];

    // Name and columns of each table; tables share some names, so that they can be joined by them.
    private static IReadOnlyList<(string Name, IReadOnlyList<(string Name, string Type, Kind Kind)> Columns)> All { get; } =
    [
        ("t1", [("k", "INTEGER", Kind.Int), ("g", "VARCHAR", Kind.Text), ("v", "BIGINT", Kind.Int),
            ("d", "DOUBLE", Kind.Double)]),
        ("t2", [("k", "BIGINT", Kind.Int), ("g", "VARCHAR", Kind.Text), ("w", "INTEGER", Kind.Int), ("f", "BOOLEAN", Kind.Bool),
            ("dt", "DATE", Kind.Date)]),
        ("t3", [("k", "INTEGER", Kind.Int), ("l", "BIGINT[]", Kind.List), ("s", "STRUCT(a INTEGER, b VARCHAR)", Kind.Struct),
            ("m", "MAP(VARCHAR, INTEGER)", Kind.Map)]),
        ("t4", [("v", "BIGINT", Kind.Int), ("x", "DOUBLE", Kind.Double), ("ts", "TIMESTAMP", Kind.Other),
            ("n", "DECIMAL(9,2)", Kind.Other)]),
        ("e", [("k", "INTEGER", Kind.Int), ("g", "VARCHAR", Kind.Text), ("y", "BIGINT", Kind.Int)]),
    ];

    /// <summary>
    /// The tables of a block of queries. Every fourth block has other names: those of the product itself, which a user may have
    /// chosen too.
    /// </summary>
    public static IReadOnlyList<(string Name, IReadOnlyList<(string Name, string Type, Kind Kind)> Columns)> Of(int block)
    {
        if (block % OursEvery != OursEvery - 1)
        {
            return All;
        }

        var random = new Random(block);
        var names = All.SelectMany(table => table.Columns)
            .Select(column => column.Name).Distinct().Zip(Ours.OrderBy(_ => random.Next()))
            .ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. All.Select(table =>
            (table.Name,
                (IReadOnlyList<(string, string, Kind)>)[
                    .. table.Columns.Select(column => column with { Name = names[column.Name] })]))];
    }

    /// <summary>The statement that makes a table with rows of chance.</summary>
    public static string Create(string name, IReadOnlyList<(string Name, string Type, Kind Kind)> columns, Random random)
    {
        var definition = string.Join(", ", columns.Select(column => $"{column.Name} {column.Type}"));
        var count = name == "e" ? 0 : random.Next(MostRows + 1);
        var rows = new List<string>();
        for (var row = 0; row < count; row++)
        {
            // One row of five is the one before it again.
            rows.Add(rows.Count > 0 && random.Next(5) == 0
                ? rows[^1]
                : $"({string.Join(", ", columns.Select(column => random.Next(7) == 0 ? "NULL" : Value(column.Type, random)))})");
        }

        return $"CREATE TABLE {name} ({definition});"
            + $"{(rows.Count == 0 ? "" : $" INSERT INTO {name} VALUES {string.Join(", ", rows)}")}";
    }

    private static string Value(string type, Random random) => type switch
    {
        "VARCHAR" => Pick(random, "'a'", "'b'", "'c'", "'B'", "''", "'x y'"),
        "BIGINT" or "INTEGER" => random.Next(-3, 9).ToString(CultureInfo.InvariantCulture),
        "DOUBLE" => random.Next(9) switch
        {
            0 => "'NaN'::DOUBLE",
            1 => "'inf'::DOUBLE",
            _ => (random.Next(-8, 20) / 4.0).ToString("0.00", CultureInfo.InvariantCulture),
        },
        "BOOLEAN" => Pick(random, "true", "false"),
        "DATE" => $"DATE '2024-0{random.Next(1, 4)}-1{random.Next(3)}'",
        "TIMESTAMP" => $"TIMESTAMP '2024-0{random.Next(1, 4)}-1{random.Next(3)} 0{random.Next(3)}:00:00.5'",
        "DECIMAL(9,2)" => (random.Next(-300, 900) / 100m).ToString("0.00", CultureInfo.InvariantCulture),
        "BIGINT[]" =>
            $"[{string.Join(", ", Enumerable.Range(0, random.Next(4)).Select(_ => Item(random)))}]::BIGINT[]",
        "STRUCT(a INTEGER, b VARCHAR)" =>
            $"{{'a': {(random.Next(6) == 0 ? "NULL" : $"{random.Next(4)}")}, 'b': {Pick(random, "'p'", "'q'", "NULL")}}}",
        _ => Pick(random, "MAP {'x': 1, 'y': NULL}", "MAP {'x': 2}", "MAP {}::MAP(VARCHAR, INTEGER)", "MAP {'z': 0, 'x': 1}"),
    };

    private static string Item(Random random) => random.Next(6) == 0 ? "NULL" : $"{random.Next(-2, 6)}";

    private static string Pick(Random random, params string[] choices) => choices[random.Next(choices.Length)];
}
