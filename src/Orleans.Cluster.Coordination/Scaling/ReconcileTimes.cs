using Microsoft.Extensions.Options;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Coordination.Scaling;

/// <summary>How often workers are looked after, and how long one that is to leave may take.</summary>
internal sealed class ReconcileTimes(IOptions<AutoscalerOptions> autoscaler, IOptions<WorkerOptions> worker)
{
    /// <summary>Between two rounds.</summary>
    public TimeSpan Interval => autoscaler.Value.Interval;

    /// <summary>Until a worker that drains is stopped all the same.</summary>
    public TimeSpan Drain => worker.Value.DrainTimeout;
}
