using DuckDB.NET.Native;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>Rows of a running query, some thousand at a time, in the engine's own vectors. For one thread.</summary>
internal sealed class ResultChunks : IDisposable
{
    private readonly DuckDBPreparedStatement statement;
    private DuckDBResult result;
    private DuckDBDataChunk? chunk;

    private ResultChunks(DuckDBPreparedStatement statement, DuckDBResult result) =>
        (this.statement, this.result) = (statement, result);

    /// <summary>Begins a query.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public static ResultChunks Open(DuckDBNativeConnection connection, string sql)
    {
        var state = NativeMethods.PreparedStatements.DuckDBPrepare(connection, sql, out var statement);
        try
        {
            if (state != DuckDBState.Success)
            {
                throw new EngineException(DuckDbErrors.ToFailure(
                    NativeMethods.PreparedStatements.DuckDBPrepareError(statement), DuckDBErrorType.Invalid));
            }

            if (NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out var result) != DuckDBState.Success)
            {
                using var failed = new ResultChunks(statement, result);
                throw new EngineException(failed.Failure()!);
            }

            return new ResultChunks(statement, result);
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next rows; those before are gone.</summary>
    /// <returns>How many; 0 after the last.</returns>
    /// <exception cref="EngineException">The query failed.</exception>
    public int Next(out DataChunk rows)
    {
        chunk?.Dispose();
        chunk = NativeMethods.Query.DuckDBFetchChunk(result);
        if (!chunk.IsInvalid)
        {
            rows = new DataChunk(chunk.DangerousGetHandle());
            return (int)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        }

        rows = default;
        return Failure() is { } failure ? throw new EngineException(failure) : 0;
    }

    public void Dispose()
    {
        chunk?.Dispose();
        NativeMethods.Query.DuckDBDestroyResult(ref result);
        statement.Dispose();
    }

    private AttemptFailure? Failure() =>
        NativeMethods.Query.DuckDBResultError(ref result) is { Length: > 0 } message
            ? DuckDbErrors.ToFailure(message, NativeMethods.Query.DuckDBResultErrorType(ref result))
            : null;
}
