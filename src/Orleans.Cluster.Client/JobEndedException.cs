using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>A job that was waited for has failed or was cancelled.</summary>
public sealed class JobEndedException : Exception
{
    internal JobEndedException(JobStatus status)
        : base(status.Error is { } error
            ? $"Job {status.Id} failed: {error.Detail} ({error.Code})"
            : $"Job {status.Id} was {status.Phase.ToString().ToLowerInvariant()}.") => Status = status;

    /// <summary>How it ended; <see cref="JobStatus.Error"/> says why it failed.</summary>
    public JobStatus Status { get; }
}
