using Microsoft.Extensions.Logging;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>What several parts of a job say of the database in the same words.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(EventId = 102, Level = LogLevel.Warning, Message = "Job {JobId} waits for the database: {Message}")]
    public static partial void Away(ILogger logger, JobId jobId, string message);
}
