namespace Orleans.Cluster.WebConsole.Serving;

/// <summary>Addresses that are pages. Every other unknown address keeps the API's own answer.</summary>
internal static class ConsolePages
{
    public static IReadOnlyList<string> Patterns { get; } =
    [
        "/", "/jobs", "/jobs/{id}", "/submit", "/data", "/cluster", "/queue", "/history", "/advice", "/audit", "/keys", "/health",
        "/sign-in",
    ];
}
