using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Format;

/// <summary>Reason codes in words, each with what would change it.</summary>
internal static class Reasons
{
    public static string Word(ReasonCode code) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(code.ToString());

    public static string Title(ReasonCode code) => code switch
    {
        ReasonCode.WaitingForSlot => "Waiting for a slot",
        ReasonCode.WaitingForMemory => "Waiting for memory",
        ReasonCode.WaitingForGpu => "Waiting for a GPU",
        ReasonCode.WaitingForGang => "Waiting for its gang to fit",
        ReasonCode.WaitingForDependency => "Waiting for another job",
        ReasonCode.WaitingForStorage => "Waiting for storage",
        ReasonCode.QueuedBehind => "Queued behind other jobs",
        ReasonCode.Planning => "Planning",
        ReasonCode.Publishing => "Publishing",
        ReasonCode.WorkersDraining => "All workers are draining",
        ReasonCode.NoWorkers => "No workers are connected",
        ReasonCode.ClusterStopped => "The cluster is stopped",
        ReasonCode.BackingOff => "Backing off after a failure",
        ReasonCode.Running => "Running",
        ReasonCode.Cancelling => "Cancelling",
        _ => Word(code),
    };

    /// <summary>What would change it.</summary>
    public static string Remedy(ReasonCode code) => code switch
    {
        ReasonCode.WaitingForSlot => "More workers or slots, or a higher priority, would start it sooner.",
        ReasonCode.WaitingForMemory => "A smaller resources.memoryBytes, or workers that offer more memory, would let it start.",
        ReasonCode.WaitingForGpu => "A worker with a free GPU would let it start.",
        ReasonCode.WaitingForGang =>
            "All slots of the stage must be free at once; more workers, or gang: false, would let it start.",
        ReasonCode.WaitingForDependency => "It starts when the job that it depends on has succeeded.",
        ReasonCode.WaitingForStorage => "It goes on by itself when the database or the artifact store answers again.",
        ReasonCode.QueuedBehind => "A higher priority or more workers would start it sooner; its level rises with time.",
        ReasonCode.WorkersDraining or ReasonCode.NoWorkers => "Start workers on the Cluster page.",
        ReasonCode.ClusterStopped => "Start the cluster on the Cluster page; the job goes on from what it has committed.",
        ReasonCode.BackingOff => "The Log tab has the failure; retry.initialBackoffMs sets the wait.",
        _ => "Nothing has to change.",
    };
}
