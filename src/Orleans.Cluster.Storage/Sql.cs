using System.Collections.Concurrent;
using System.Data.Common;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Orleans.Cluster.Storage;

/// <summary>
/// Statements written by hand, for what each task and each short job asks for: EF Core would spend more on them than the database
/// does. Parameters are <c>@p0</c>, <c>@p1</c> and so on; enums are passed as numbers, times as Unix milliseconds.
/// </summary>
internal static class Sql
{
    // Lists of ids are of many lengths, each a text of its own.
    private const int MostKept = 100;

    // Few sizes, so that few texts are ever prepared.
    private static readonly int[] RowsAtOnce = [64, 16, 4, 1];
    private static readonly ConcurrentDictionary<(string Table, int Rows), string> Inserts = new();

    /// <returns>Rows changed.</returns>
    public static Task<int> Execute(
        this ClusterDbContext db, string text, CancellationToken cancellationToken, params object?[] values) =>
        db.Run(text, values, static (command, token) => command.ExecuteNonQueryAsync(token), cancellationToken);

    /// <summary>Runs statements one after the other, in one journey to the database where it takes several at once.</summary>
    /// <remarks>
    /// All of them run, whatever came of those before: a statement that depends on one says so in its condition.
    /// </remarks>
    /// <returns>Rows changed by each; of a SELECT nothing that means something.</returns>
    public static async Task<int[]> ExecuteAll(
        this ClusterDbContext db, CancellationToken cancellationToken, params (string Text, object?[] Values)[] statements)
    {
        if (!db.Database.GetDbConnection().CanCreateBatch)
        {
            var changed = new int[statements.Length];
            for (var index = 0; index < statements.Length; index++)
            {
                changed[index] = await db.Execute(statements[index].Text, cancellationToken, statements[index].Values);
            }

            return changed;
        }

        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var batch = db.Database.GetDbConnection().CreateBatch();
            batch.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
            batch.Timeout = db.Database.GetCommandTimeout() ?? batch.Timeout;
            foreach (var (text, values) in statements)
            {
                var command = batch.CreateBatchCommand();
                command.CommandText = text;
                for (var index = 0; index < values.Length; index++)
                {
                    var parameter = command.CreateParameter();
                    (parameter.ParameterName, parameter.Value) = (Place(index), Stored(values[index]));
                    command.Parameters.Add(parameter);
                }

                batch.BatchCommands.Add(command);
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
            return [.. batch.BatchCommands.Select(command => command.RecordsAffected)];
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    public static Task<List<T>> Query<T>(
        this ClusterDbContext db, string text, Func<DbDataReader, T> read, CancellationToken cancellationToken,
        params object?[] values) => db.Run(
        text, values,
        async (command, token) =>
        {
            await using var reader = await command.ExecuteReaderAsync(token);
            var rows = new List<T>();
            while (await reader.ReadAsync(token))
            {
                rows.Add(read(reader));
            }

            return rows;
        },
        cancellationToken);

    /// <summary>Adds rows, some at a time.</summary>
    /// <param name="columns">Names, separated by commas; each row has a value for each.</param>
    public static async Task Insert(
        this ClusterDbContext db, string table, string columns, IReadOnlyList<object?[]> rows,
        CancellationToken cancellationToken)
    {
        for (var done = 0; done < rows.Count;)
        {
            var count = RowsAtOnce.First(size => size <= rows.Count - done);
            var text = Inserts.GetOrAdd((table, count), _ => InsertText(table, columns, count, rows[0].Length));
            await db.Execute(text, cancellationToken, [.. rows.Skip(done).Take(count).SelectMany(row => row)]);
            done += count;
        }
    }

    /// <summary>Places of some parameters, for a list in brackets: <c>@p1, @p2</c>.</summary>
    public static string Places(int first, int count) =>
        string.Join(", ", Enumerable.Range(first, count).Select(Place));

    public static string Place(int index) => string.Create(CultureInfo.InvariantCulture, $"@p{index}");

    public static string? TextAt(this DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : reader.GetString(ordinal);

    public static DateTimeOffset? TimeAt(this DbDataReader reader, int ordinal) =>
        reader.IsDBNull(ordinal) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(ordinal));

    /// <summary>What one database has as a number, the other as a truth value.</summary>
    public static bool TruthAt(this DbDataReader reader, int ordinal) =>
        Convert.ToBoolean(reader.GetValue(ordinal), CultureInfo.InvariantCulture);

    private static string InsertText(string table, string columns, int rows, int width)
    {
        var text = new StringBuilder($"INSERT INTO {table} ({columns}) VALUES ");
        for (var row = 0; row < rows; row++)
        {
            text.Append(row == 0 ? "(" : ", (").Append(Places(row * width, width)).Append(')');
        }

        return text.ToString();
    }

    private static async Task<T> Run<T>(
        this ClusterDbContext db, string text, object?[] values, Func<DbCommand, CancellationToken, Task<T>> run,
        CancellationToken cancellationToken)
    {
        if (Kept(db, text, values) is { } prepared)
        {
            Bind(db, prepared, values);
            return await run(prepared, cancellationToken);
        }

        await db.Database.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = Make(db, text, values);
            Bind(db, command, values);
            return await run(command, cancellationToken);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    private static DbCommand? Kept(ClusterDbContext db, string text, object?[] values)
    {
        if (db.Statements is { } kept && !kept.ContainsKey(text) && kept.Count < MostKept)
        {
            kept.Add(text, Make(db, text, values));
        }

        return db.Statements?.GetValueOrDefault(text);
    }

    private static DbCommand Make(ClusterDbContext db, string text, object?[] values)
    {
        var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = text;
        for (var index = 0; index < values.Length; index++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = Place(index);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static void Bind(ClusterDbContext db, DbCommand command, object?[] values)
    {
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        for (var index = 0; index < values.Length; index++)
        {
            command.Parameters[index].Value = Stored(values[index]);
        }
    }

    private static object Stored(object? value) => value switch
    {
        null => DBNull.Value,
        DateTimeOffset time => time.ToUnixTimeMilliseconds(),
        Enum number => Convert.ToInt32(number, CultureInfo.InvariantCulture),
        _ => value,
    };
}
