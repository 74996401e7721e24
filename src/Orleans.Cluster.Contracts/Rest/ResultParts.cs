namespace Orleans.Cluster.Contracts.Rest;

/// <summary>Parts of a job's result. In order they are the result; each can be read alone, again, and beside others.</summary>
/// <param name="Parts">The parts, in order.</param>
public sealed record ResultParts(IReadOnlyList<ResultPart> Parts);

/// <summary>One part: a file as the job wrote it.</summary>
/// <param name="Index">Its number, from 0.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Bytes">Bytes of the file.</param>
/// <param name="Sha256">Lower-case hex of the file's content.</param>
public sealed record ResultPart(int Index, long Rows, long Bytes, string Sha256);
