using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Probing;

/// <summary>Columns that a file's folders give: <c>.../year=2024/month=05/x.parquet</c>.</summary>
internal static class HiveFolders
{
    /// <summary>The folder value that stands for NULL.</summary>
    public const string Null = FolderName.NullValue;

    /// <summary>Names and values, outermost first; null when there are none or they are not wanted.</summary>
    /// <exception cref="EngineException">
    /// Two folders of one path give the same column different values, or one holds a NUL character.
    /// </exception>
    public static IReadOnlyDictionary<string, string>? Read(string path, bool? wanted)
    {
        if (wanted == false)
        {
            return null;
        }

        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var folder in (Path.GetDirectoryName(path) ?? "").Split('/', '\\'))
        {
            if (FolderName.Read(folder) is { } found)
            {
                Add(values, found.Column, found.Value, path);
            }
        }

        return values.Count == 0 ? null : values;
    }

    /// <summary>Names of all columns that the folders of files give.</summary>
    public static IReadOnlySet<string> Names(IEnumerable<FileStamp> files, SourceOptions options) => files
        .Select(file => Read(file.Path, options.HivePartitioning)).OfType<IReadOnlyDictionary<string, string>>()
        .SelectMany(values => values.Keys).ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// A dataset with the columns of its folders behind its own. A name that the files have themselves stays theirs.
    /// </summary>
    public static DatasetProbe AddTo(DatasetProbe probe, SourceOptions options)
    {
        var folders = probe.Files.Select(file => Read(file.Stamp.Path, options.HivePartitioning)).ToList();
        var own = probe.Columns.Select(column => column.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var all = folders.OfType<IReadOnlyDictionary<string, string>>()
            .SelectMany(values => values.Keys).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var names = all.Where(name => !own.Contains(name)).ToList();
        var hidden = all.Where(own.Contains).Select(name => Hidden(name, probe.Files, folders)).ToList();
        if (names.Count == 0)
        {
            return probe with { Warnings = [.. probe.Warnings, .. hidden] };
        }

        var wanted = names.ToHashSet(StringComparer.OrdinalIgnoreCase);
        return probe with
        {
            Columns = [.. probe.Columns,
                .. names.Select(name =>
                    new ColumnSchema(name, new DeclaredColumns(options).TypeOf(name) ?? TypeOf(name, folders)))],
            Files =
            [
                .. probe.Files.Select((file, i) => file with
                {
                    Columns = file.Columns ?? probe.Columns,
                    HiveValues = folders[i]?.Where(pair => wanted.Contains(pair.Key))
                        .ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.OrdinalIgnoreCase),
                }),
            ],
            Warnings = [.. probe.Warnings, .. hidden],
        };
    }

    private static void Add(Dictionary<string, string> values, string name, string? value, string path)
    {
        if (name.Contains('\0', StringComparison.Ordinal) || value?.Contains('\0', StringComparison.Ordinal) == true)
        {
            throw new EngineException(
                FailureKind.BadData,
                $"{path}: the folder of column '{name.Replace("\0", "%00", StringComparison.Ordinal)}' holds a NUL character "
                + "(%00). "
                + "Rename the folder, or set options.hivePartitioning to false.",
                ProblemCode.DatasetNotReadable.Word);
        }

        value ??= Null;
        if (!values.TryAdd(name, value) && values[name] != value)
        {
            throw new EngineException(
                FailureKind.BadData, $"{path}: its folders give the column '{name}' two values, '{values[name]}' and '{value}'. "
                + "Rename one of the folders, or set options.hivePartitioning to false.",
                ProblemCode.SchemaConflict.Word);
        }
    }

    private static string TypeOf(string name, List<IReadOnlyDictionary<string, string>?> folders)
    {
        var guess = default(ColumnGuess);
        foreach (var value in folders.Select(values => values?.GetValueOrDefault(name))
            .Where(value => value is not null and not Null))
        {
            guess.Add(value, isQuoted: false, '.');
        }

        return guess.Type ?? "VARCHAR";
    }

    private static PlanWarning Hidden(
        string name, IReadOnlyList<SourceFile> files, List<IReadOnlyDictionary<string, string>?> folders)
    {
        var index = folders.FindIndex(values => values?.ContainsKey(name) == true);
        return new PlanWarning(
            "folder-column-hidden",
            $"{files[index].Stamp.Path} has a column '{name}' of its own: it is read, and the value of the folder "
            + $"'{name}={folders[index]![name]}' is not. Set options.hivePartitioning to false if that is right.");
    }
}
