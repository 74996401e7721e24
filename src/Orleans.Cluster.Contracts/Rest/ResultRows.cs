using System.Text.Json;

namespace Orleans.Cluster.Contracts.Rest;

/// <summary>
/// Rows of a result, or of a job's quarantine, as JSON. Whole numbers within 2^53 are numbers whatever their type; larger ones
/// and decimals with a scale are strings with all their digits, as are NaN and infinities; dates and times are ISO 8601; lists
/// and structs are nested.
/// </summary>
/// <param name="Columns">Columns in order.</param>
/// <param name="Rows">Each row holds one value for each column.</param>
/// <param name="TotalRows">Rows of the whole result, whatever the page.</param>
public sealed record ResultRows(
    IReadOnlyList<ColumnSchema> Columns, IReadOnlyList<IReadOnlyList<JsonElement>> Rows, long TotalRows);
