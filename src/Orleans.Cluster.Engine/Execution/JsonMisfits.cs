using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.DuckDb;
using Orleans.Cluster.Engine.Sources;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>Guessed columns of staged JSON that have values which do not fit their types.</summary>
internal static class JsonMisfits
{
    private const int MaxValues = 1000;

    /// <summary>Columns, the path of the fields below them, and values where they are known.</summary>
    /// <param name="Column">The column.</param>
    /// <param name="Path">Names of fields below it, parted by dots; empty for the column itself.</param>
    /// <param name="Values">Some of the values; none where the engine's cast alone refuses them.</param>
    public sealed record Misfit(string Column, string Path, IReadOnlyCollection<string> Values);

    /// <summary>What staging refused, or if nothing, what the engine cannot cast.</summary>
    public static IReadOnlyList<Misfit> Find(StagedTable table, long memoryBytes, CancellationToken cancellationToken)
    {
        var guesses = table.Scan.Guesses!;
        var refused =
            from record in table.Staged.Refused
            where record.Fault is { Column: not null, Expected: not null }
            let path = record.Fault.Column!
            let column = ColumnOf(table, path)
            where guesses.Has(column)
            group record.Fault.Value! by (Column: column, Below: path[Math.Min(path.Length, column.Length + 1)..]) into same
            select new Misfit(same.Key.Column, same.Key.Below, [.. same.Take(MaxValues)]);
        List<Misfit> found = [.. refused];
        return found.Count > 0
            ? found
            : [.. NotCast(table, memoryBytes, cancellationToken).Where(misfit => guesses.Has(misfit.Column))];
    }

    /// <summary>The column that a path of fields is of.</summary>
    public static string ColumnOf(StagedTable table, string path) => table.FileColumns
        .Where(column => path == column.Name || path.StartsWith(column.Name + ".", StringComparison.Ordinal))
        .Select(column => column.Name)
        .MaxBy(name => name.Length) ?? path;

    private static List<Misfit> NotCast(StagedTable table, long memoryBytes, CancellationToken cancellationToken)
    {
        var leaves = table.FileColumns
            .SelectMany(column => Leaves(column.Name, "", Pointer(column.Name), ColumnType.Parse(column.Type))).ToList();
        if (leaves.Count == 0)
        {
            return [];
        }

        using var session = DuckDbSession.Open(
            SessionOptions.WithoutFiles with { MemoryBytes = memoryBytes, Files = [table.File.Path] });
        var tests = leaves.Select(leaf =>
        {
            var value = $"json_extract(json, {SqlText.Literal(leaf.Pointer)})";
            return $"coalesce(bool_or({value} IS NOT NULL AND json_type({value}) <> 'NULL' "
                + $"AND TRY_CAST({value} AS {leaf.Type}) IS NULL), false)";
        });
        var bits = session.Query(
            $"SELECT concat_ws('', {string.Join(", ", tests.Select(test => $"CAST(CAST({test} AS INTEGER) AS VARCHAR)"))}) "
            + $"FROM (SELECT TRY_CAST(line AS JSON) AS json FROM {table.LinesSql()})",
            row => row.GetString(0), cancellationToken).Single();
        return [.. leaves.Where((_, index) => bits[index] == '1').Select(leaf => new Misfit(leaf.Column, leaf.Path, []))];
    }

    // Values that are cast as a whole: fields of structs apart, so that only the one that does not fit becomes wider.
    private static IEnumerable<(string Column, string Path, string Pointer, string Type)> Leaves(
        string column, string path, string pointer, ColumnType type)
    {
        if (type.Kind == ColumnTypeKind.Struct)
        {
            return type.Parts.SelectMany(part => Leaves(
                column, path.Length == 0 ? part.Name : $"{path}.{part.Name}", pointer + Pointer(part.Name), part.Type));
        }

        return [(column, path, pointer, string.Create(CultureInfo.InvariantCulture, $"{type}"))];
    }

    private static string Pointer(string name) =>
        "/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
