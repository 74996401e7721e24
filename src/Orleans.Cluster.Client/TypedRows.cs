using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.Client;

/// <summary>Waiting for a result, and reading it as values of a type of one's own.</summary>
public static class TypedRows
{
    private const int PageRows = 10_000;

    // Columns are found in either case; large numbers and decimals come as text with all their digits.
    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Waits until the job has succeeded.</summary>
    /// <returns>Its status document.</returns>
    /// <exception cref="JobEndedException">It failed or was cancelled.</exception>
    public static async Task<JobStatus> WaitForSuccessAsync(
        this IJobClient jobs, JobId id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var status = await jobs.WaitAsync(id, cancellationToken);
        return status.Phase == JobPhase.Succeeded ? status : throw new JobEndedException(status);
    }

    /// <summary>
    /// The rows of a result in the job's order, page by page while they are asked for. A column belongs to the property or
    /// constructor parameter of its name, whatever the case; columns without one are passed over.
    /// </summary>
    /// <param name="jobs">The jobs of a cluster.</param>
    /// <param name="id">A job that has succeeded.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="JsonException">A value does not fit its property; the message names it.</exception>
    public static async IAsyncEnumerable<T> ReadRowsAsync<T>(
        this IJobClient jobs, JobId id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        long offset = 0;
        while (true)
        {
            var page = await jobs.GetResultAsync(id, offset, PageRows, cancellationToken);
            foreach (var row in page.Rows)
            {
                yield return Read<T>(page.Columns, row);
            }

            offset += page.Rows.Count;
            if (page.Rows.Count == 0 || offset >= page.TotalRows)
            {
                yield break;
            }
        }
    }

    internal static T Read<T>(IReadOnlyList<ColumnSchema> columns, IReadOnlyList<JsonElement> row)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            for (var index = 0; index < columns.Count; index++)
            {
                writer.WritePropertyName(columns[index].Name);
                row[index].WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonSerializer.Deserialize<T>(bytes.WrittenSpan, Reading)!;
    }
}
