namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// In whose name something is asked of the engine, which all callers share: whoever gives out turns there asks here. It goes
/// along with the request, and not over to another process.
/// </summary>
internal static class AskedBy
{
    private static readonly AsyncLocal<string?> Name = new();

    /// <summary>A key, a login or a service; null where callers have no names, and for the cluster itself.</summary>
    public static string? Current => Name.Value;

    /// <summary>Asks in somebody's name.</summary>
    public static async Task<T> Run<T>(string? caller, Func<Task<T>> question)
    {
        Name.Value = caller;
        return await question();
    }

    /// <summary>Does something in somebody's name.</summary>
    public static async Task Run(string? caller, Func<Task> work)
    {
        Name.Value = caller;
        await work();
    }
}
