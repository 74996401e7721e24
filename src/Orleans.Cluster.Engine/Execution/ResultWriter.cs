using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// Writes the rows of a result in the format of its output: one file, files of some size, or files in folders by values of
/// columns.
/// </summary>
/// <param name="session">Where the rows are.</param>
/// <param name="task">Whose result it is.</param>
/// <param name="run">
/// Runs a statement and answers the rows that it wrote; its flag says whether it reads the task's inputs.
/// </param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class ResultWriter(
    DuckDbSession session, TaskSpec task, Func<string, bool, long> run, CancellationToken cancellationToken)
{
    private const string Folder = "result";

    private readonly ResultFormat format = ResultFormat.Of(task.Output);

    /// <summary>Writes a query's rows.</summary>
    /// <returns>Files with rows, in order; together they hold each row once.</returns>
    public List<(string Path, int Target, long Rows)> Write(string query, IReadOnlyList<ColumnSchema> columns)
    {
        if (task.Output.PartitionBy.Count == 0)
        {
            return WriteFiles(query, columns, "", readsInputs: true);
        }

        var folders = new ResultFolders(session, task.Output.PartitionBy, columns, cancellationToken);
        run(folders.CreateSql(query), true);
        var files = new List<(string Path, int Target, long Rows)>();
        foreach (var (folder, rows, select) in folders.List())
        {
            var written = WriteFiles(select, folders.FileColumns, folder, readsInputs: false);
            if (written.Sum(file => file.Rows) != rows)
            {
                throw Lost(rows, written.Sum(file => file.Rows), folder);
            }

            files.AddRange(written);
        }

        return files;
    }

    private List<(string Path, int Target, long Rows)> WriteFiles(
        string query, IReadOnlyList<ColumnSchema> columns, string folder, bool readsInputs)
    {
        var home = Path.Combine(task.AttemptFolder, folder.Length == 0 ? "" : Folder, folder);
        Directory.CreateDirectory(home);
        var (select, options) = (format.Select(query, columns), format.OptionsFor(columns, task.MemoryBytes));
        if (task.Output.FileBytes is not { } bytes)
        {
            var path = Path.Combine(home, folder.Length == 0 ? Folder + format.Extension : "data_0" + format.Extension);
            var rows = run($"COPY ({select}) TO {SqlText.Literal(path)} ({options})", readsInputs);
            if (rows > 0)
            {
                return [(Path.GetRelativePath(task.AttemptFolder, path), 0, rows)];
            }

            File.Delete(path);
            return [];
        }

        var parts = folder.Length == 0 ? Path.Combine(home, Folder) : Path.Combine(home, "parts");
        var all = run(
            $"COPY ({select}) TO {SqlText.Literal(parts)} ({options}, FILE_SIZE_BYTES {bytes}, FILE_EXTENSION "
            + $"{SqlText.Literal(format.Extension[1..])})",
            readsInputs);
        var files = !Directory.Exists(parts) ? [] : Directory.EnumerateFiles(parts)
            .Order(NaturalOrder.Instance)
            .Select(path =>
                (Path: Path.GetRelativePath(task.AttemptFolder, folder.Length == 0 ? path : Lift(path)), Target: 0, Rows: 0L))
            .Select(file =>
                file with { Rows = format.CountRows(
                    session, Path.Combine(task.AttemptFolder, file.Path), columns, cancellationToken) })
            .Where(file => file.Rows > 0)
            .ToList();
        return files.Sum(file => file.Rows) == all ? files : throw Lost(all, files.Sum(file => file.Rows), Folder);
    }

    // The engine wants a folder of its own; the files belong beside each other in the folder of their values.
    private static string Lift(string path)
    {
        var lifted = Path.Combine(Path.GetDirectoryName(path)!, "..", Path.GetFileName(path));
        File.Move(path, lifted);
        return Path.GetFullPath(lifted);
    }

    private static EngineException Lost(long rows, long found, string where) => new(new AttemptFailure(
        FailureKind.Internal,
        $"Rows do not add up: {rows} rows were written to {where}, but its files hold {found}. Nothing was committed.",
        ProblemCode.Internal.Word));
}
