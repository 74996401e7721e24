using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.EngineTests.Formats.Corpus;

/// <summary>A file as a program writes it, and what should be read from it.</summary>
internal sealed record WrittenFile
{
    public required string Name { get; init; }

    public required byte[] Bytes { get; init; }

    /// <summary>The same rows in two files, where the program writes several; null where it does not.</summary>
    public IReadOnlyList<byte[]>? Parts { get; init; }

    public SourceOptions Options { get; init; } = new();

    public required IReadOnlyList<string> Columns { get; init; }

    public required IReadOnlyList<string> Types { get; init; }

    public required IReadOnlyList<IReadOnlyList<string?>> Rows { get; init; }

    /// <summary>Codes of all warnings, each once.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}
