namespace Orleans.Cluster.Coordination.Ports;

/// <summary>Port to the cluster's figures over time, kept finely for a day and more coarsely for a year.</summary>
internal interface IMetricsStore
{
    /// <summary>Adds a sample; one that is there already for this time stays.</summary>
    Task Append(MetricsSample sample, CancellationToken cancellationToken);

    /// <summary>
    /// Samples that begin in [<paramref name="since"/>, <paramref name="until"/>), joined into windows of <paramref name="step"/>
    /// that are aligned to it, in order of time: each figure's mean, weighted by how long each sample stands. Windows without a
    /// sample are left out.
    /// </summary>
    Task<IReadOnlyList<MetricsSample>> Query(
        DateTimeOffset since, DateTimeOffset until, TimeSpan step, CancellationToken cancellationToken);

    /// <summary>
    /// Joins samples of windows that are over into coarser ones, and removes those past their time. Safe to call twice and from
    /// two places.
    /// </summary>
    Task Thin(DateTimeOffset now, CancellationToken cancellationToken);
}

/// <summary>Figures by name, as they were from <paramref name="At"/> on for <paramref name="Span"/> (whole seconds).</summary>
internal sealed record MetricsSample(DateTimeOffset At, TimeSpan Span, IReadOnlyDictionary<string, double> Figures);
