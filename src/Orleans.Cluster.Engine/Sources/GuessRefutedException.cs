namespace Orleans.Cluster.Engine.Sources;

/// <summary>A value does not fit a type that was guessed from a sample: the guess is wrong, not the row.</summary>
internal sealed class GuessRefutedException(BadRow row) : Exception(row.Describe())
{
    /// <summary>The first row that was found to have one.</summary>
    public BadRow Row { get; } = row;
}
