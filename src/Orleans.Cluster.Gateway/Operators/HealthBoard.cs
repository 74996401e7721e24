namespace Orleans.Cluster.Gateway.Operators;

/// <summary>
/// What the probes of one gateway found last. Who asks for the health is answered from here, at once, however busy the parts are;
/// a part whose probe has not come back for <see cref="Life"/> is down whatever it said before.
/// </summary>
internal sealed class HealthBoard(TimeProvider clock)
{
    /// <summary>How long a finding is believed.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromSeconds(10);

    private readonly Lock sync = new();
    private readonly Dictionary<string, (long At, string? Fault, string? Detail)> findings = [];

    /// <summary>A probe came back.</summary>
    /// <param name="part">Of which part.</param>
    /// <param name="fault">What is wrong; null when it is well.</param>
    /// <param name="detail">What else it says when it is well.</param>
    public void Note(string part, string? fault, string? detail = null)
    {
        lock (sync)
        {
            findings[part] = (clock.GetTimestamp(), fault, detail);
        }
    }

    /// <summary>A part as its last probe found it.</summary>
    public HealthPart Find(string part)
    {
        lock (sync)
        {
            if (!findings.TryGetValue(part, out var found))
            {
                return new HealthPart("DOWN", "It has not been looked at yet.");
            }

            var age = clock.GetElapsedTime(found.At);
            return age > Life ? new HealthPart("DOWN", $"It was last looked at {age.TotalSeconds:0} s ago.")
                : found.Fault is { } fault ? new HealthPart("DOWN", fault)
                : new HealthPart("UP", found.Detail);
        }
    }
}
