namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Bounds of single requests. They are part of what a client may rely on, so no setting changes them.</summary>
internal static class GatewayLimits
{
    /// <summary>A list of 20,000 long paths fits.</summary>
    public const int BodyBytes = 4 * 1024 * 1024;

    public const int IdempotencyKeyLength = 255;

    /// <summary>Longest <c>Prefer: wait</c>, seconds; more is taken as this.</summary>
    public const int WaitSeconds = 60;

    public const int PageSize = 50;

    public const int MaxPageSize = 500;

    /// <summary>Rows of <c>/result</c> as JSON when the client names no limit; the other forms are streamed whole.</summary>
    public const int JsonRows = 100_000;
}
