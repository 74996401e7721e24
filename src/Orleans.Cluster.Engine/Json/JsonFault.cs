namespace Orleans.Cluster.Engine.Json;

/// <summary>Why a JSON record does not fit.</summary>
/// <param name="Column">Column, or field with its path, where one is at fault.</param>
/// <param name="Value">Its value.</param>
/// <param name="Expected">Type that it should have.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="IsUnknownKey">Whether it is a key that no column has.</param>
internal sealed record JsonFault(string? Column, string? Value, string? Expected, string Reason, bool IsUnknownKey = false);
