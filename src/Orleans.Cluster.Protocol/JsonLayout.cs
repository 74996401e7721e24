using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Protocol;

/// <summary>How the keys of a JSON dataset become columns and fields.</summary>
public sealed record JsonLayout
{
    /// <summary>Whether each value is the value of one column named <c>json</c>: some are not objects.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Keys that have another name as a column or field, or hold some that have.</summary>
    public IReadOnlyList<JsonKey> Renamed { get; init; } = [];

    /// <summary>What a key means that no column has.</summary>
    public UnknownKeys UnknownKeys { get; init; }
}

/// <summary>A key of a JSON object and its name: names differ not by case alone, and none is empty.</summary>
/// <param name="Key">As it is written.</param>
/// <param name="Name">The column or field.</param>
/// <param name="Fields">Of objects below it, also those in lists: fields that have another name.</param>
public sealed record JsonKey(string Key, string Name, IReadOnlyList<JsonKey> Fields);
