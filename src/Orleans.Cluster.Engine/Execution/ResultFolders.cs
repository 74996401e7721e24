using System.Globalization;
using System.Text;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Rows of a result by the values of its folder columns. The engine's own partitioned write names NULL and the text that stands
/// for NULL alike, and one file overwrites the other; here each combination of values has a number, and the rows are kept sorted
/// by it, in their own order within it.
/// </summary>
internal sealed class ResultFolders(
    DuckDbSession session, IReadOnlyList<string> partitionBy, IReadOnlyList<ColumnSchema> columns,
    CancellationToken cancellationToken)
{
    /// <summary>
    /// More folders of one task are refused: each is a file, and so many are a mistake in the choice of the column.
    /// </summary>
    public const int MaxFolders = 10_000;

    private const int MaxNameBytes = 255;
    private const string Count = OwnName.Prefix + "count";
    private const string First = OwnName.Prefix + "first";
    private const string Rows = OwnName.Prefix + "rows";
    private const string Sorted = OwnName.Prefix + "sorted";
    private const string Values = OwnName.Prefix + "values";
    private const string Number = OwnName.Prefix + "folder";

    private readonly IReadOnlyList<ColumnSchema> keys =
    [
        .. partitionBy.Select(name =>
            columns.FirstOrDefault(column => string.Equals(column.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new EngineException(
                FailureKind.BadQuery, $"output.partitionBy names '{name}', which the result does not have. Columns: "
                + $"{string.Join(", ", columns.Select(column => column.Name))}.", ProblemCode.ColumnNotFound.Word)),
    ];

    /// <summary>Columns of the files: all but those of the folders.</summary>
    public IReadOnlyList<ColumnSchema> FileColumns => [.. columns.Except(keys)];

    /// <summary>The statement that holds a query's rows.</summary>
    public string CreateSql(string query) => $"CREATE TEMP TABLE {Rows} AS {query}";

    /// <summary>Each folder with its rows and the query of its files, in order of first appearance.</summary>
    public IEnumerable<(string Folder, long Rows, string Select)> List()
    {
        if (FileColumns.Count == 0)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                "output.partitionBy names every column of the result, which leaves none for the files. Leave one out.",
                ProblemCode.ValidationFailed.Word);
        }

        Sort();
        var texts = string.Join(", ", keys.Select(key => $"CAST({SqlText.Name(key.Name)} AS VARCHAR)"));
        var folders = session.Query(
            $"SELECT {Number}, {Count}, {texts} FROM {Values} ORDER BY {Number}",
            row => (Number: row.GetInt64(0), Rows: row.GetInt64(1),
                Folder: string.Join(
                    '/', keys.Select((key, i) => NameOf(key.Name, row.IsDBNull(i + 2) ? null : row.GetString(i + 2))))),
            cancellationToken);
        Check(folders.Select(folder => folder.Folder).ToList());
        var names = SqlText.Names(FileColumns.Select(column => column.Name));
        return folders.Select(folder =>
            (folder.Folder, folder.Rows, $"SELECT {names} FROM {Sorted} WHERE {Number} = {folder.Number}"));
    }

    private void Sort()
    {
        var names = SqlText.Names(keys.Select(key => key.Name));
        var same = string.Join(
            " AND ", keys.Select(key => $"r.{SqlText.Name(key.Name)} IS NOT DISTINCT FROM v.{SqlText.Name(key.Name)}"));
        session.Execute(
            $"CREATE TEMP TABLE {Values} AS SELECT row_number() OVER (ORDER BY {First}) AS {Number}, * FROM "
            + $"(SELECT {names}, min(rowid) AS {First}, count(*) AS {Count} FROM {Rows} GROUP BY {names})", cancellationToken);
        var count = session.QueryInt64($"SELECT count(*) FROM {Values}", cancellationToken);
        if (count > MaxFolders)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                $"output.partitionBy gives {count} folders in one partition; at most {MaxFolders} are written. "
                + "Choose columns with fewer values.", ProblemCode.ValidationFailed.Word);
        }

        session.Execute(
            $"CREATE TEMP TABLE {Sorted} AS SELECT r.*, v.{Number} FROM {Rows} r JOIN {Values} v ON {same} ORDER BY v.{Number}, "
            + "r.rowid", cancellationToken);
        session.Execute($"DROP TABLE {Rows}", cancellationToken);
    }

    private static string NameOf(string column, string? value) => value?.Contains('\0', StringComparison.Ordinal) == true
        ? throw new EngineException(
            FailureKind.BadQuery,
            $"A value of '{column}', which output.partitionBy names, has a NUL character, which no folder's name can have.",
            ProblemCode.ValidationFailed.Word)
        : FolderName.Of(column, value);

    private static void Check(List<string> folders)
    {
        if (folders.FirstOrDefault(folder => folder.Split('/')
            .Any(name => Encoding.UTF8.GetByteCount(name) > MaxNameBytes)) is { } name)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                $"A value of output.partitionBy is too long for the name of a folder ({MaxNameBytes} bytes): {name[..100]}...",
                ProblemCode.ValidationFailed.Word);
        }

        // Types whose values differ and whose texts do not would put two values into one folder.
        if (folders.GroupBy(folder => folder, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new EngineException(
                FailureKind.BadQuery,
                string.Create(
                    CultureInfo.InvariantCulture, $"Two values of output.partitionBy have one folder name, {twice.Key}."),
                ProblemCode.ValidationFailed.Word);
        }
    }
}
