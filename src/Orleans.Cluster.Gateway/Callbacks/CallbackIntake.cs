using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>What becomes of a job's callback when the job is taken in: its target is judged, its secret sealed.</summary>
internal sealed class CallbackIntake(CallbackTargets targets, SecretSeal seal)
{
    /// <inheritdoc cref="CallbackTargets.Check"/>
    public void Check(CallbackSpec? callback) => targets.Check(callback);

    /// <summary>The spec as it is stored: a secret of its callback is sealed.</summary>
    public JobSpec Seal(JobSpec spec) => spec.Callback is { Secret: { } secret } callback
        ? spec with { Callback = callback with { Secret = seal.Seal(secret) } }
        : spec;
}
