namespace Orleans.Cluster.Cli.Doctor;

/// <summary>What one look has found.</summary>
/// <param name="Subject">What was looked at, in a word.</param>
/// <param name="Kind">How it is.</param>
/// <param name="Says">What was seen.</param>
/// <param name="Advice">What to do; null when there is nothing to do.</param>
internal sealed record Finding(string Subject, FindingKind Kind, string Says, string? Advice = null)
{
    public static Finding Good(string subject, string says) => new(subject, FindingKind.Good, says);
}

/// <summary>How something is.</summary>
internal enum FindingKind
{
    /// <summary>As it should be.</summary>
    Good = 0,

    /// <summary>Jobs run, but somebody should know.</summary>
    Warning = 1,

    /// <summary>Jobs do not run, or soon will not.</summary>
    Fault = 2,
}
