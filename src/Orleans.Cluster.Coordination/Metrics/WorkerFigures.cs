using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Coordination.Metrics;

/// <summary>
/// Figures of single workers. They are kept in the same samples as the cluster's own, under names of the form
/// <c>worker/ID/NAME</c>, so that they are joined and thinned with them.
/// </summary>
internal static class WorkerFigures
{
    private const string Prefix = "worker/";

    /// <summary>Figures of all workers that live.</summary>
    public static IEnumerable<KeyValuePair<string, double>> Of(IReadOnlyCollection<WorkerStatus> workers) => workers
        .Where(worker => worker.State != WorkerState.Dead)
        .SelectMany(worker => new Dictionary<string, double>
        {
            [$"{Prefix}{worker.Id.Value}/slots"] = worker.Slots,
            [$"{Prefix}{worker.Id.Value}/slotsBusy"] = worker.Busy,
            [$"{Prefix}{worker.Id.Value}/cpu"] = Math.Round(worker.Cpu, 2),
            [$"{Prefix}{worker.Id.Value}/memoryGrantedBytes"] = worker.Memory.GrantedBytes,
            [$"{Prefix}{worker.Id.Value}/memoryUsedBytes"] = worker.Memory.UsedBytes,
        });

    /// <summary>The cluster's own figures.</summary>
    public static IReadOnlyDictionary<string, double> WithoutThem(IReadOnlyDictionary<string, double> figures) =>
        figures.Where(figure => !figure.Key.StartsWith(Prefix, StringComparison.Ordinal)).ToDictionary(
            figure => figure.Key, figure => figure.Value);

    /// <summary>The figures of each worker under their own names.</summary>
    public static IEnumerable<(string Id, IReadOnlyDictionary<string, double> Figures)> Split(
        IReadOnlyDictionary<string, double> figures) => figures
        .Where(figure => figure.Key.StartsWith(Prefix, StringComparison.Ordinal))
        .GroupBy(figure => figure.Key[Prefix.Length..figure.Key.LastIndexOf('/')])
        .Select(worker => (worker.Key, (IReadOnlyDictionary<string, double>)worker.ToDictionary(
            figure => figure.Key[(figure.Key.LastIndexOf('/') + 1)..], figure => figure.Value)));
}
