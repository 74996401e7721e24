using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Silo.Processes;

/// <summary>
/// A gateway's claim on its state directory. The system takes the lock back when the process ends, whatever way it ends, so a
/// crashed gateway never blocks the next one.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    private const UnixFileMode OfOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly FileStream _lock;

    private StateDirectory(FileStream heldLock) => _lock = heldLock;

    /// <summary>Makes the directory and claims it.</summary>
    /// <exception cref="StartRefusedException">Another gateway holds it, or it cannot be written.</exception>
    public static StateDirectory Claim(string path)
    {
        try
        {
            Make(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The state directory {path} cannot be made: {e.Message}", e);
        }

        try
        {
            return new StateDirectory(new FileStream(
                Path.Combine(path, "gateway.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StartRefusedException($"The state directory {path} cannot be written: {e.Message}", e);
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
    public static void Make(string path)
    {
        Directory.CreateDirectory(path);
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
                $"The state directory {path} belongs to another user, who alone can close it to others (chmod 700).");
        }
    }

    public void Dispose() => _lock.Dispose();

    private static string DescribeHolder(string path) => GatewayRecord.Read(path) is { } holder && holder.Process.IsRunning()
        ? $"the gateway on {holder.Urls} (process {holder.Process.Id}, started {holder.StartedAt:u})"
        : "another gateway that is starting";
}
