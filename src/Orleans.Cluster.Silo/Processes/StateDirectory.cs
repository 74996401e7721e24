using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// A gateway's claim on its state directory. The system takes the lock back when the process ends, whatever way it ends, so a
/// crashed gateway never blocks the next one.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const UnixFileMode OfOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string Remedy = "Choose another one with --Cluster:StateDirectory=...";

    // Less than this holds no database: the two of an embedded cluster and their logs of changes are larger when new.
    private const long LeastBytes = 8 << 20;
    private readonly FileStream _lock;

    private StateDirectory(FileStream heldLock) => _lock = heldLock;

    /// <summary>Makes the directory and claims it.</summary>
    /// <exception cref="StartRefusedException">Another gateway holds it, or it cannot be written.</exception>
    public static StateDirectory Claim(string path)
    {
        Make(path);
        try
        {
            return new StateDirectory(new FileStream(
                Path.Combine(path, "gateway.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw Refused(path, e);
        }
        catch (IOException e) when (FolderFaults.IsOfFolder(e))
        {
            throw Refused(path, e);
        }
        catch (IOException e)
        {
            throw new StartRefusedException(
                $"The state directory {path} is in use by {DescribeHolder(path)}. " +
                "Stop it, or give this one a directory of its own with --Cluster:StateDirectory=...", e);
        }
    }

    /// <summary>
    /// Makes the directory of this user alone, and closes one that others may look into: results, specs and keys are in it. One
    /// that belongs to somebody else, such as a volume of a container, cannot be closed; what is made in it is this user's alone
    /// all the same, by the umask.
    /// </summary>
    /// <exception cref="StartRefusedException">The system takes no folder there.</exception>
    public static void Make(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Refused(path, e);
        }

        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & ~OfOwner) == 0)
        {
            return;
        }

        try
        {
            File.SetUnixFileMode(path, OfOwner);
        }
        catch (UnauthorizedAccessException)
        {
            Console.Error.WriteLine(
                $"Warning: The state directory {path} belongs to another user, who alone can close it to others (chmod 700).");
        }
    }

    /// <summary>Ends a start on a disk that has no room for the database.</summary>
    /// <exception cref="StartRefusedException">The disk is full, or nearly.</exception>
    public static void RefuseFull(string path)
    {
        var free = new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace;
        if (free < LeastBytes)
        {
            throw new StartRefusedException(
                $"The disk of {Path.GetFullPath(path)} {(free < 4096 ? "is full" : $"has only {free / 1024} KiB free")}. "
                + "Free space, or choose another folder with --Cluster:StateDirectory=...");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static StartRefusedException Refused(string path, Exception failure) => new(
        $"The cluster's state cannot be in {Path.GetFullPath(path)}: {FolderFaults.Why(path, failure)}. {Remedy}", failure);

    private static string DescribeHolder(string path) => GatewayRecord.Read(path) is { } holder && holder.Process.IsRunning()
        ? $"the gateway on {holder.Urls} (process {holder.Process.Id}, started {holder.StartedAt:u})"
        : "another gateway that is starting";
}
