namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>
/// The cookie of <c>POST /session</c>, and the claim under which the gateway hands its value to the page that it serves.
/// </summary>
internal static class SessionCookie
{
    public const string Name = "orleans-cluster-session";

    public const string Claim = "session";
}
