namespace Orleans.Cluster.Planning.Jobs;

/// <summary>
/// For how long publishing is tried again. It is bounded, whatever went wrong, so that no job stays in PUBLISHING for ever.
/// </summary>
public sealed class PublishingTries
{
    /// <summary>A folder that cannot be written to for so long needs somebody who looks after it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What nobody expected is not mended by waiting; a few tries tell chance from rule.</summary>
    public const int MaxUnexpected = 3;

    private TimeSpan? trouble;
    private int unexpected;

    /// <summary>A try ended without an exception.</summary>
    public void Succeeded() => (trouble, unexpected) = (null, 0);

    /// <summary>The disk refused, or an artifact was not seen.</summary>
    /// <param name="now">Time on a clock that only goes forward.</param>
    /// <returns>Since when, in words, when that is long enough to give up; null to try again.</returns>
    public string? GiveUpOnTrouble(TimeSpan now) =>
        now - (trouble ??= now) < Patience ? null : $"for {Patience.TotalMinutes:0} minutes";

    /// <summary>Something that nobody expected.</summary>
    /// <returns>How often, in words, when that is often enough to give up; null to try again.</returns>
    public string? GiveUpOnSurprise() => ++unexpected < MaxUnexpected ? null : $"in {MaxUnexpected} tries";
}
