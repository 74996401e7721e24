using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Gateway.Forms;

/// <summary>What to write in place of a word that is not known.</summary>
internal static class Suggestion
{
    /// <summary>A sentence such as <c>Did you mean 'groupBy'?</c>, or the list of words when none is near.</summary>
    public static string For(string word, IReadOnlyCollection<string> known) =>
        NearestName.Find(word, known) is { } near ? $"Did you mean '{near}'?"
        : known.Count == 0 ? "No field is allowed here."
        : $"Known: {string.Join(", ", known)}.";
}
