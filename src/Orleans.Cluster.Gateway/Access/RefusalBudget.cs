namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// How many refused requests of one caller are written down one by one. Whoever may change nothing can still ask for changes as
/// fast as the gateway answers, and would fill the audit log; what is over the budget is counted, and the next entry of the
/// caller says how many.
/// </summary>
internal sealed class RefusalBudget
{
    /// <summary>Refused requests of one caller that are written down in one <see cref="Window"/>.</summary>
    public const int PerWindow = 30;

    // Callers are keys and logins; of more than these the oldest windows have passed.
    private const int MaxCallers = 10_000;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Spent> callers = new(StringComparer.Ordinal);

    /// <summary>Whether one more is written down, and how many were left out since the last that was.</summary>
    public (bool IsWritten, int LeftOut) TakeRefusal(string caller, DateTimeOffset now)
    {
        lock (gate)
        {
            var spent = callers.GetValueOrDefault(caller);
            if (now - spent.Begun >= Window)
            {
                spent = new Spent(now, 0, spent.LeftOut);
            }

            var isWritten = spent.Written < PerWindow;
            Keep(caller, isWritten ? new Spent(spent.Begun, spent.Written + 1, 0) : spent with { LeftOut = spent.LeftOut + 1 });
            return (isWritten, isWritten ? spent.LeftOut : 0);
        }
    }

    private void Keep(string caller, Spent spent)
    {
        if (callers.Count >= MaxCallers && !callers.ContainsKey(caller))
        {
            foreach (var (old, its) in callers.Where(pair => spent.Begun - pair.Value.Begun >= Window).ToList())
            {
                callers.Remove(old);
            }
        }

        callers[caller] = spent;
    }

    private readonly record struct Spent(DateTimeOffset Begun, int Written, int LeftOut);
}
