using System.Globalization;

namespace Orleans.Cluster.Planning.Resources;

/// <summary>
/// Whether a worker that lives should get tasks. Each answer is the reason why not, for people, or null. A worker judges its
/// disks and its pauses itself; its silence is judged by the queue.
/// </summary>
public static class WorkerHealth
{
    /// <summary>Why a worker should get nothing, from what it sees of itself; the first reason that holds.</summary>
    public static string? Judge(WorkerSigns signs, WorkerLimits limits)
    {
        ArgumentNullException.ThrowIfNull(signs);
        ArgumentNullException.ThrowIfNull(limits);
        if (signs.Disks.FirstOrDefault(disk => disk.FreeBytes < limits.LeastFreeBytes) is { } full)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{full.FreeBytes} bytes are free in {full.Folder}, fewer than the {limits.LeastFreeBytes} of "
                + $"Worker:LeastScratchBytes.");
        }

        return signs.PausedShare > limits.MostPausedShare
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"It stood still for {signs.PausedShare:P0} of the last {limits.PauseWindow.TotalSeconds:0} s, more than the "
                + $"{limits.MostPausedShare:P0} of Worker:MostPausedShare.")
            : null;
    }

    /// <summary>
    /// Why a worker that is silent should get nothing, before it is given up: its report is overdue by a third of the time that
    /// it has left.
    /// </summary>
    /// <param name="silence">Time since its last report.</param>
    /// <param name="reportHold">How long a report is held, which is the usual time between two.</param>
    /// <param name="lease">Silence after which it loses its attempts.</param>
    public static string? Judge(TimeSpan silence, TimeSpan reportHold, TimeSpan lease) =>
        silence > reportHold + ((lease - reportHold) / 3)
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"It has not reported for {silence.TotalSeconds:0} s; after {lease.TotalSeconds:0} s it loses its attempts.")
        : null;
}

/// <summary>What a worker sees of itself.</summary>
/// <param name="Disks">Folders that it writes to.</param>
/// <param name="PausedShare">Part of the last while that it stood still, 0 to 1.</param>
public sealed record WorkerSigns(IReadOnlyList<DiskSpace> Disks, double PausedShare);

/// <summary>Free space where a folder is.</summary>
public sealed record DiskSpace(string Folder, long FreeBytes);

/// <summary>What a worker that gets tasks has at least and at most.</summary>
public sealed record WorkerLimits(long LeastFreeBytes, double MostPausedShare, TimeSpan PauseWindow);
