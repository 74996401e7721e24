using System.Globalization;
using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>What an instance may use. Fixed when it opens.</summary>
/// <param name="Threads">Engine threads; 1 keeps the order of rows and the bits of sums.</param>
/// <param name="MemoryBytes">The engine's own limit; the process needs some more.</param>
/// <param name="SpillFolder">Folder for spilled data; null: the instance does not spill.</param>
/// <param name="SpillBytes">Bytes that it may spill; null for what the disk has.</param>
/// <param name="Folders">Folders that it may read and write.</param>
/// <param name="Files">Files that it may read and write.</param>
internal sealed record SessionOptions(
    int Threads, long MemoryBytes, string? SpillFolder, long? SpillBytes, IReadOnlyList<string> Folders,
    IReadOnlyList<string> Files)
{
    /// <summary>For questions that touch no file.</summary>
    public static SessionOptions WithoutFiles { get; } = new(1, 256L << 20, null, null, [], []);

    /// <summary>Whether its statements may choose rows: see <see cref="EngineFaults"/>.</summary>
    public bool ChoosesRows { get; init; }

    /// <summary>
    /// Whether a footer of Parquet is read once for all statements: where no file takes the name of another meanwhile.
    /// </summary>
    public bool KeepsFooters { get; init; }

    /// <summary>Whether ranges are joined by merging: see <see cref="EngineFaults.NeedsMergeJoin"/>.</summary>
    public bool MergesRanges { get; init; }
}

/// <summary>
/// One connection to a fresh in-memory instance with threads, memory limit, spill folder and sandbox set and locked. For one
/// thread at a time, except <see cref="RowsDone"/> and cancellation.
/// </summary>
internal sealed class DuckDbSession : IDisposable
{
    private readonly DuckDBConnection _connection;

    private DuckDbSession(DuckDBConnection connection) => _connection = connection;

    /// <summary>Rows that the running statement has read so far, roughly.</summary>
    public long RowsDone => (long)_connection.GetQueryProgress().RowsProcessed;

    /// <summary>Part of the running statement that is done, in [0, 1], roughly.</summary>
    public double FractionDone => Math.Clamp(_connection.GetQueryProgress().Percentage / 100.0, 0, 1);

    /// <summary>The last statement's operators and the rows that each made.</summary>
    public QueryProfile LastProfile() => QueryProfile.Read(_connection.NativeConnection);

    /// <summary>
    /// An instance without limits and sandbox, for <see cref="Open"/> to set them: that it is there takes longest.
    /// </summary>
    public static DuckDBConnection Prepare()
    {
        // Else it would start a thread for each processor, for nothing.
        var connection = new DuckDBConnection("DataSource=:memory:;threads=1");
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Opens one.</summary>
    /// <param name="options">What it may use.</param>
    /// <param name="prepared">Of <see cref="Prepare"/>; null for a new one.</param>
    public static DuckDbSession Open(SessionOptions options, DuckDBConnection? prepared = null)
    {
        var connection = prepared ?? Prepare();
        try
        {
            var session = new DuckDbSession(connection);
            foreach (var setting in Settings(options))
            {
                session.Execute(setting);
            }

            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Another connection to the same instance, under its limits and within its sandbox: for a statement that runs beside others.
    /// It counts no operators, so that <see cref="LastProfile"/> is not for it.
    /// </summary>
    public DuckDbSession Another()
    {
        var connection = _connection.Duplicate();
        connection.Open();
        return new DuckDbSession(connection);
    }

    /// <summary>Makes a table of this process known under its name.</summary>
    public void Register(TableFunction table) => TableFunctions.Register(_connection.NativeConnection, table);

    /// <summary>Makes a sink of this process known as a format of COPY.</summary>
    public void Register(IRowSink sink) => CopyFunctions.Register(_connection.NativeConnection, sink);

    /// <summary>Runs one statement that answers no rows.</summary>
    /// <returns>Rows that it wrote.</returns>
    public long Execute(string sql, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var registration = cancellationToken.Register(static state => ((DuckDBCommand)state!).Cancel(), command);
        try
        {
            return command.ExecuteNonQuery();
        }
        catch (DuckDBException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>Runs one statement and makes something of each row.</summary>
    public List<T> Query<T>(string sql, Func<DuckDBDataReader, T> row, CancellationToken cancellationToken = default)
    {
        var rows = new List<T>();
        Read(sql, reader => rows.Add(row(reader)), cancellationToken);
        return rows;
    }

    /// <summary>
    /// Runs one statement and hands on each row. The engine holds the result, within the instance's memory; its streaming results
    /// break while profiling is on.
    /// </summary>
    public void Read(string sql, Action<DuckDBDataReader> row, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var registration = cancellationToken.Register(static state => ((DuckDBCommand)state!).Cancel(), command);
        try
        {
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                row(reader);
            }
        }
        catch (DuckDBException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>Runs one statement and hands on its rows as Arrow batches while it runs.</summary>
    public void ReadArrow(string sql, Action<Apache.Arrow.Ipc.IArrowArrayStream> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.UseStreamingMode = true;
        using var registration = cancellationToken.Register(static state => ((DuckDBCommand)state!).Cancel(), command);
        try
        {
            using var batches = command.ExecuteArrowStream();
            read(batches);
        }
        catch (DuckDBException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>Runs one statement and hands on its rows in the engine's vectors while it runs.</summary>
    /// <exception cref="EngineException">It failed.</exception>
    public void ReadChunks(string sql, Action<ResultChunks> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var registration = cancellationToken.Register(
            static state => NativeMethods.Startup.DuckDBInterrupt((DuckDBNativeConnection)state!), _connection.NativeConnection);
        try
        {
            using var chunks = ResultChunks.Open(_connection.NativeConnection, sql);
            read(chunks);
        }
        catch (EngineException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The statement was cancelled.", e, cancellationToken);
        }
    }

    /// <summary>The first value of the only row, as a number.</summary>
    public long QueryInt64(string sql, CancellationToken cancellationToken = default) =>
        Query(sql, static r => Convert.ToInt64(r.GetValue(0), CultureInfo.InvariantCulture), cancellationToken).Single();

    /// <summary>Columns that a query would answer. Nothing is run.</summary>
    public IReadOnlyList<ColumnSchema> Describe(string sql, CancellationToken cancellationToken = default) =>
        Query($"DESCRIBE {sql}", static r => new ColumnSchema(r.GetString(0), r.GetString(1)), cancellationToken);

    public void Dispose() => _connection.Dispose();

    private static IEnumerable<string> Settings(SessionOptions options)
    {
        yield return $"SET threads = {options.Threads}";
        yield return $"SET memory_limit = '{options.MemoryBytes} B'";
        yield return options.SpillFolder is { } folder
            ? $"SET temp_directory = {SqlText.Literal(folder)}"
            : "SET temp_directory = ''";
        if (options.SpillBytes is { } bytes)
        {
            yield return $"SET max_temp_directory_size = '{bytes} B'";
        }

        // All partitions must read a time stamp without a zone alike, wherever they run.
        yield return "SET GLOBAL TimeZone = 'UTC'";
        yield return "SET preserve_insertion_order = true";
        yield return $"SET disabled_optimizers = '{EngineFaults.Rules(options.ChoosesRows)}'";
        if (options.MergesRanges)
        {
            yield return $"SET merge_join_threshold = {long.MaxValue}";
        }

        if (options.KeepsFooters)
        {
            yield return "SET parquet_metadata_cache = true";
        }

        yield return "SET autoinstall_known_extensions = false";
        yield return "SET autoload_known_extensions = false";
        yield return "SET enable_external_file_cache = false";
        yield return "SET enable_progress_bar = true";
        yield return "SET enable_progress_bar_print = false";
        yield return "PRAGMA enable_profiling = 'no_output'";
        yield return "SET profiling_coverage = 'ALL'";
        yield return $"SET custom_profiling_settings = {SqlText.Literal(QueryProfile.Metrics)}";
        yield return $"SET allowed_directories = [{Literals(options.Folders.Select(f => f.EndsWith('/') ? f : f + "/"))}]";
        yield return $"SET allowed_paths = [{Literals(options.Files)}]";
        yield return "SET enable_external_access = false";
        yield return "SET lock_configuration = true";
    }

    private static string Literals(IEnumerable<string> texts) => string.Join(", ", texts.Distinct().Select(SqlText.Literal));
}
