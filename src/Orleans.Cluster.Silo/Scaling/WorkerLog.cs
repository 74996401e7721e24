namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// Keeps the log of a worker within bounds while the worker writes it. The worker holds the file open and appends, so the file
/// stays and what is in it moves to a second one; a line that is written at that very moment may be lost.
/// </summary>
internal static class WorkerLog
{
    /// <summary>Moves what is in a log that has grown too long to <c>.1</c>, in place of what was there.</summary>
    public static void Shorten(string file, long mostBytes)
    {
        try
        {
            if (File.Exists(file) && new FileInfo(file).Length > mostBytes)
            {
                File.Copy(file, file + ".1", overwrite: true);
                using var log = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                log.SetLength(0);
            }
        }
        catch (IOException)
        {
            // A full disk keeps the copy from being made; the next look tries again, and the log is no reason to stop looking
            // after workers.
        }
    }
}
