using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>Bodies of the cluster's endpoints. A body that is not given counts as an empty one.</summary>
internal static class ClusterForm
{
    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static ClusterStart ReadStart(ReadOnlyMemory<byte>? body) =>
        body is not { } given ? new ClusterStart() : JobSpecReader.Read(given, form =>
    {
        var start = new ClusterStart(
            Size(form, "workers"), (int?)form.Whole("slotsPerWorker", 1, 256),
            form.Whole("memoryPerWorkerBytes", 64L << 20, 1L << 50));
        form.Close();
        return start;
    });

    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static ClusterStop ReadStop(ReadOnlyMemory<byte>? body) =>
        body is not { } given ? new ClusterStop() : JobSpecReader.Read(given, form =>
    {
        var stop = new ClusterStop(form.Word<StopMode>("mode") ?? StopMode.Drain);
        form.Close();
        return stop;
    });

    /// <exception cref="ClusterException"><c>validation-failed</c> with every fault of form.</exception>
    public static ClusterScale ReadScale(ReadOnlyMemory<byte> body) => JobSpecReader.Read(body, form =>
    {
        var scale = new ClusterScale(Size(form, "workers"), Size(form, "minWorkers"), Size(form, "maxWorkers"));
        CheckTogether(form, scale);
        form.Close();
        return scale;
    });

    private static int? Size(FormObject form, string name) => (int?)form.Whole(name, ClusterSize.Min, ClusterSize.Max);

    private static void CheckTogether(FormObject form, ClusterScale scale)
    {
        if (form.Has("workers"))
        {
            foreach (var bound in ((string[])["minWorkers", "maxWorkers"]).Where(form.Has))
            {
                form.Faults.Add(form.At(bound), FaultCodes.Conflict, "Either 'workers', or 'minWorkers' and 'maxWorkers'.");
            }
        }
        else if (!form.Has("minWorkers") && !form.Has("maxWorkers"))
        {
            form.Faults.Add(
                form.At("workers"), FaultCodes.Required, "The number of workers, or 'minWorkers' and 'maxWorkers', is required.");
        }
        else
        {
            form.Require("minWorkers", "With 'maxWorkers', the fewest workers");
            form.Require("maxWorkers", "With 'minWorkers', the most workers");
            if (scale is { MinWorkers: { } least, MaxWorkers: { } most } && least > most)
            {
                form.Faults.Add(form.At("minWorkers"), FaultCodes.OutOfRange, "It must not be above 'maxWorkers'.");
            }
        }
    }
}
