namespace Orleans.Cluster.Executor;

/// <summary>
/// When the machine runs out of memory, the kernel shall pick the executor, whose task runs again, and not its silo.
/// </summary>
internal static class OutOfMemoryPreference
{
    private const string Score = "/proc/self/oom_score_adj";

    public static void PreferThisProcess()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            File.WriteAllText(Score, "800");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{Score} cannot be set: {exception.Message}");
        }
    }
}
