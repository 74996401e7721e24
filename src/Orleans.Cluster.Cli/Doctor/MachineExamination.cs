using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Cli.Following;

namespace Orleans.Cluster.Cli.Doctor;

/// <summary>Looks at this machine as one that runs, or will run, an embedded cluster.</summary>
internal sealed class MachineExamination(string stateFolder, string dataFolder, string siloFolder)
{
    private const long LeastFreeBytes = 1L << 30;
    private const long LowFreeBytes = 10L << 30;

    public IEnumerable<Finding> Run() => [OfProgram(), OfState(), OfDisk(), OfData()];

    /// <summary>What holds an address where no gateway answers.</summary>
    public static Finding OfPort(Uri address)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, address.Port);
            listener.Start();
            return Finding.Good("port", $"{address.Port} is free.");
        }
        catch (SocketException)
        {
            return new(
                "port", FindingKind.Fault, $"Port {address.Port} is in use by a program that is not a gateway.",
                $"Find it with `ss -ltnp 'sport = :{address.Port}'`, or start the cluster elsewhere with `up --url`.");
        }
    }

    private Finding OfProgram()
    {
        var missing = ((string[])["Orleans.Cluster.Silo.dll", Path.Combine("executor", "Orleans.Cluster.Executor.dll")])
            .Where(file => !File.Exists(Path.Combine(siloFolder, file))).ToList();
        return missing.Count == 0
            ? Finding.Good("program", "Silo and executor are beside this program.")
            : new("program", FindingKind.Fault, $"{string.Join(" and ", missing)} is not in {siloFolder}.",
                "Build or install the command line again; `up` needs them.");
    }

    private Finding OfState()
    {
        if (!Directory.Exists(stateFolder))
        {
            return Finding.Good("state", $"{stateFolder} is not there yet; `up` makes it.");
        }

        try
        {
            using (File.Create(
                Path.Combine(stateFolder, $".doctor-{Environment.ProcessId}"), bufferSize: 1, FileOptions.DeleteOnClose))
            {
                return Finding.Good("state", $"{stateFolder} can be written.");
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new("state", FindingKind.Fault, $"{stateFolder} cannot be written: {exception.Message}",
                "Give it to the user who runs the cluster, or name another with --state.");
        }
    }

    private Finding OfDisk()
    {
        var free = new DriveInfo(Existing(stateFolder)).AvailableFreeSpace;
        var says = $"{Quantities.Bytes(free)} are free for state, results and scratch.";
        return free switch
        {
            < LeastFreeBytes =>
                new("disk", FindingKind.Fault, says, "Free some: jobs fail when scratch or results find no room."),
            < LowFreeBytes =>
                new("disk", FindingKind.Warning, says,
                    "Large sorts and joins spill more than that; free some, or put --state on a larger disk."),
            _ => Finding.Good("disk", says),
        };
    }

    private Finding OfData()
    {
        try
        {
            return Finding.Good(
                "data", $"{dataFolder} can be read"
                + $"{(Directory.EnumerateFileSystemEntries(dataFolder).Any() ? "" : ", and is empty")}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new("data", FindingKind.Fault, $"{dataFolder} cannot be read: {exception.Message}",
                "Name the folder of your files with --data.");
        }
    }

    private static string Existing(string folder)
    {
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
        {
            folder = parent;
        }

        return folder;
    }
}
