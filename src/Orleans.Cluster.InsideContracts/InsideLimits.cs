namespace Orleans.Cluster.InsideContracts;

/// <summary>Bounds that both ends keep.</summary>
internal static class InsideLimits
{
    /// <summary>Key of <see cref="IJobRequestsGrain"/>; any gateway answers.</summary>
    public const string GatewayKey = "door";

    /// <summary>For calls whose length depends on the data; the time that an HTTP client would wait too.</summary>
    public const string LongCall = "00:01:40";

    /// <summary>Bytes in one message. Small enough that no other message waits long behind it.</summary>
    public const int PieceBytes = 256 * 1024;

    /// <summary>How long a caller waits for an answer that was lost with its silo.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a gateway holds a question for the next change. Half of <see cref="ResponseTimeout"/>.</summary>
    public static readonly TimeSpan PollHold = TimeSpan.FromSeconds(2.5);

    /// <summary>Key of an <see cref="IRowsGrain"/>. It does not begin with a hexadecimal digit, like all keys here.</summary>
    public static string NewRowsKey() => $"rows-{Guid.CreateVersion7():N}";
}
