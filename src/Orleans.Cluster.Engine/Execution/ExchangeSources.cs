using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Exchange;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Execution;

/// <summary>
/// The files of one input from earlier stages, in their order: neighbours of one kind and layout, as all are as a rule, are read
/// together. A stage that began under an earlier version may have both kinds.
/// </summary>
internal sealed class ExchangeSources
{
    private readonly ExchangeInput input;
    private readonly List<(ExchangeTable? Table, List<ArtifactRef> Files)> parts = [];

    private ExchangeSources(ExchangeInput input) => this.input = input;

    /// <summary>Those that this process reads.</summary>
    public IEnumerable<ExchangeTable> Tables => parts.Select(part => part.Table).OfType<ExchangeTable>();

    /// <summary>
    /// Looks at every file: Parquet is compared with its hash, since the engine reads it; of an exchange file the header is, and
    /// its rows are when they are read.
    /// </summary>
    /// <param name="input">The files.</param>
    /// <param name="number">Tables that the task has before these.</param>
    /// <param name="progress">Hears of bytes and rows that were read.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="EngineException">An artifact is lost.</exception>
    public static ExchangeSources Prepare(
        ExchangeInput input, int number, Action<long, long> progress, CancellationToken cancellationToken)
    {
        var prepared = new ExchangeSources(input);
        IReadOnlyList<ColumnSchema>? last = null;
        foreach (var file in input.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<ColumnSchema>? written = null;
            if (file.Slice is null)
            {
                ArtifactCheck.Require(file);
            }
            else
            {
                written = ExchangeFile.ReadColumns(file);
            }

            if (prepared.parts.Count == 0 || !IsSame(written, last))
            {
                var files = new List<ArtifactRef>();
                prepared.parts.Add((written is null ? null
                    : new ExchangeTable($"__exchange_{number++}", written, files, progress), files));
            }

            prepared.parts[^1].Files.Add(file);
            last = written;
        }

        return prepared;
    }

    /// <summary>A SELECT of the planned columns for each part.</summary>
    /// <param name="pathOf">What a file is called in the session.</param>
    public IReadOnlyList<string> Selects(Func<string, string> pathOf) =>
        [.. parts.Select(part => part.Table?.SelectSql(input.Columns) ?? ParquetSql(part.Files, pathOf))];

    // An artifact may hold a column under the type that Parquet has for it; the cast gives back the planned one.
    private string ParquetSql(List<ArtifactRef> files, Func<string, string> pathOf)
    {
        var paths = string.Join(", ", files.Select(file => SqlText.Literal(pathOf(file.Path))));
        var columns = string.Join(
            ", ", input.Columns.Select(c => $"CAST({SqlText.Name(c.Name)} AS {c.Type}) AS {SqlText.Name(c.Name)}"));
        return $"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false)";
    }

    private static bool IsSame(IReadOnlyList<ColumnSchema>? one, IReadOnlyList<ColumnSchema>? other) =>
        one is null ? other is null : other is not null && one.SequenceEqual(other);
}
