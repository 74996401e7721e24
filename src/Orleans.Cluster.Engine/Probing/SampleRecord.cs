namespace Orleans.Cluster.Engine.Probing;

/// <summary>One record of a sample.</summary>
/// <param name="Text">Without its line end.</param>
/// <param name="Start">Byte offset in the inflated text.</param>
/// <param name="Next">Byte offset behind its line end.</param>
/// <param name="Line">Line number, from 1.</param>
/// <param name="NextLine">Line number behind it.</param>
internal sealed record SampleRecord(string Text, long Start, long Next, long Line, long NextLine);
