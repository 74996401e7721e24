using DuckDB.NET.Data;
using DuckDB.NET.Native;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine.Storage;

namespace Orleans.Cluster.Engine.DuckDb;

/// <summary>The one map from what the engine throws to what it means for an attempt.</summary>
internal static class DuckDbErrors
{
    /// <summary>The failure that an exception of the engine, or of reading and writing around it, stands for.</summary>
    public static AttemptFailure ToFailure(Exception exception) => exception switch
    {
        EngineException e => e.Failure,
        ClusterException e => new AttemptFailure(FailureKind.BadQuery, e.Message, e.Code.Word),
        DuckDBException e
            when Recursion.Refusal(e) is { } end => new AttemptFailure(FailureKind.BadQuery, end, ProblemCode.QueryInvalid.Word),
        DuckDBException e => ToFailure(e.Message, e.ErrorType),
        OperationCanceledException => new AttemptFailure(FailureKind.Cancelled, "The task was cancelled."),
        OutOfMemoryException e => new AttemptFailure(FailureKind.OutOfMemory, e.Message),
        InvalidDataException e => new AttemptFailure(FailureKind.SourceUnavailable, e.Message),
        IOException or UnauthorizedAccessException => new AttemptFailure(FailureKind.Storage, exception.Message),
        _ => new AttemptFailure(FailureKind.Internal, $"{exception.GetType().Name}: {exception.Message}"),
    };

    /// <summary>The failure that an error of the engine stands for.</summary>
    public static AttemptFailure ToFailure(string message, DuckDBErrorType type)
    {
        var classified = Classify(message, type);
        var said = OpenSources.Said(EngineMessages.Plain(FirstLines(message)));
        return new AttemptFailure(KindOf(message, classified), said, CodeOf(message, classified));
    }

    /// <summary>
    /// Whether a bad value or row of a source can be behind it, so that looking for that row is worth the time. An internal error
    /// too: the engine's reader of delimited text has one where it should name a value that is no UTF-8 in a query that leaves
    /// columns out.
    /// </summary>
    public static bool MayBeBadRow(DuckDBException exception) =>
        Classify(exception.Message, exception.ErrorType) is DuckDBErrorType.Conversion or DuckDBErrorType.InvalidInput
            or DuckDBErrorType.OutOfRange or DuckDBErrorType.Io or DuckDBErrorType.Serialization or DuckDBErrorType.Invalid
            or DuckDBErrorType.Internal;

    private static FailureKind KindOf(string message, DuckDBErrorType type) => type switch
    {
        // A spill folder that is full has no type of its own, but names the setting that bounds it.
        DuckDBErrorType.OutOfMemory => message.Contains("max_temp_directory_size", StringComparison.Ordinal)
            ? FailureKind.OutOfDisk : FailureKind.OutOfMemory,
        DuckDBErrorType.Interrupt => FailureKind.Cancelled,
        DuckDBErrorType.Io => FailureKind.Storage,
        DuckDBErrorType.Internal or DuckDBErrorType.Fatal => FailureKind.Internal,
        _ => FailureKind.BadQuery,
    };

    private static string? CodeOf(string message, DuckDBErrorType type) =>
        type == DuckDBErrorType.Binder && message.Contains("Referenced column", StringComparison.Ordinal)
            ? ProblemCode.ColumnNotFound.Word
            : null;

    // Errors of preparing a statement carry no type, only the type's name in front of the message.
    private static DuckDBErrorType Classify(string text, DuckDBErrorType type)
    {
        if (type != DuckDBErrorType.Invalid)
        {
            return type;
        }

        var message = text.AsSpan();
        return message switch
        {
            _ when message.StartsWith("Binder Error") => DuckDBErrorType.Binder,
            _ when message.StartsWith("Catalog Error") => DuckDBErrorType.Catalog,
            _ when message.StartsWith("Parser Error") => DuckDBErrorType.Parser,
            _ when message.StartsWith("Permission Error") => DuckDBErrorType.Permission,
            _ when message.StartsWith("Out of Memory Error") => DuckDBErrorType.OutOfMemory,
            _ when message.StartsWith("IO Error") => DuckDBErrorType.Io,
            _ when message.StartsWith("INTERNAL Error") => DuckDBErrorType.Internal,
            _ => DuckDBErrorType.Invalid,
        };
    }

    // The rest is advice on options that a user of the cluster does not have.
    private static string FirstLines(string message)
    {
        var end = message.IndexOf("\n\n", StringComparison.Ordinal);
        return (end < 0 ? message : message[..end]).Trim();
    }
}
