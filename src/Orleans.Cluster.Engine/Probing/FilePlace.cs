namespace Orleans.Cluster.Engine.Probing;

/// <summary>A place in the inflated text of a file: byte offset, and the number of the line there, from 1.</summary>
internal readonly record struct FilePlace(long Offset, long Line);
