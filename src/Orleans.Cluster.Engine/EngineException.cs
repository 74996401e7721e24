using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Engine;

/// <summary>Carries a failure from where it is found to the edge of the engine, where it becomes a value.</summary>
internal sealed class EngineException(AttemptFailure failure, Exception? inner = null) : Exception(failure.Message, inner)
{
    public EngineException(FailureKind kind, string message, string? code = null, Exception? inner = null)
        : this(new AttemptFailure(kind, message, code), inner)
    {
    }

    /// <summary>What goes to the caller.</summary>
    public AttemptFailure Failure { get; } = failure;
}
