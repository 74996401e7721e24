using System.Globalization;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts.Rest;
using Spectre.Console;

namespace Orleans.Cluster.Cli.Following;

/// <summary>Resources and advice as people read them.</summary>
internal static class ResourceViews
{
    public static void WriteResources(CliConsole console, ResourceStatus resources)
    {
        var workers = JobViews.Table(
            new("Worker", IsWhole: true), "State", "Slots", "Memory used", "Granted", "Offered", "GPUs", "CPU");
        foreach (var worker in resources.Workers)
        {
            workers.AddRow(JobViews.Cells(
                worker.Id.Value, JobFollower.WireWord(worker.State), $"{worker.BusySlots}/{worker.Slots}",
                Quantities.Bytes(worker.Memory.UsedBytes),
                Quantities.Bytes(worker.Memory.GrantedBytes), Quantities.Bytes(worker.Memory.OfferedBytes), $"{worker.Gpus}",
                worker.Cpu.ToString("0.00", CultureInfo.InvariantCulture)));
        }

        var jobs = JobViews.Table(
            new("Job", IsWhole: true), "Status", "Running", "Asked", "Peak", "Spilled", "CPU s", "Mean s", "Longest s");
        foreach (var job in resources.Jobs)
        {
            jobs.AddRow(JobViews.Cells(
                job.Id.Value, JobFollower.WireWord(job.Status), $"{job.Running}", Quantities.Bytes(job.Asked.MemoryBytes),
                job.Usage is { } usage ? Quantities.Bytes(usage.PeakMemoryBytes) : "", job.Usage is { } spill
                ? Quantities.Bytes(spill.SpilledBytes) : "",
                Number(job.Usage?.CpuSeconds), Number(job.Usage?.MeanSeconds), Number(job.Usage?.MaxSeconds)));
        }

        console.Out.Write(workers);
        if (resources.Jobs.Count > 0)
        {
            console.Out.Write(jobs);
        }
    }

    public static void WriteAdvice(CliConsole console, RecommendationList advice)
    {
        foreach (var item in advice.Items)
        {
            console.Prose.WriteLine($"{item.Code}{(item.Job is { } job ? $" ({job})" : "")}: {ToolWords.Of(item.Advice)}");
            console.Prose.WriteLine($"  seen:  {item.Evidence}");
            console.Prose.WriteLine($"  gain:  {item.ExpectedGain}");
        }

        if (advice.Items.Count == 0)
        {
            console.Prose.WriteLine("Nothing to change.");
        }
    }

    private static string Number(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? "";
}
