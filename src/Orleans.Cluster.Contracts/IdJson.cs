using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Cluster.Contracts;

/// <summary>A job id is a plain string in JSON.</summary>
public sealed class JobIdJsonConverter : JsonConverter<JobId>
{
    /// <inheritdoc/>
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobId.TryParse(reader.GetString(), null, out var id) ? id : throw new JsonException("Not a job id.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}

/// <summary>A worker id is a plain string in JSON.</summary>
public sealed class WorkerIdJsonConverter : JsonConverter<WorkerId>
{
    /// <inheritdoc/>
    public override WorkerId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A worker id is a string."));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, WorkerId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
