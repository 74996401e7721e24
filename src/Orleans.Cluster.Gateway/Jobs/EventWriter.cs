using System.Text;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Jobs;

/// <summary>Server-sent events of one answer.</summary>
internal sealed class EventWriter
{
    private readonly StreamWriter writer;

    private EventWriter(StreamWriter writer) => this.writer = writer;

    /// <summary>Begins the answer. A client whose connection breaks comes back after two seconds.</summary>
    public static async Task<EventWriter> Open(HttpResponse response)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        var writer = new StreamWriter(response.Body, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteAsync("retry: 2000\n\n");
        return new EventWriter(writer);
    }

    public static string Json<T>(T data) => JsonSerializer.Serialize(data, WireJson.Options);

    public Task Write(string id, string name, string data) => writer.WriteAsync($"id: {id}\nevent: {name}\ndata: {data}\n\n");

    /// <summary>A comment, which keeps proxies from closing a silent stream and shows us a client that has gone.</summary>
    public Task KeepAlive() => writer.WriteAsync(": no change\n\n");

    public Task Flush(CancellationToken cancellationToken) => writer.FlushAsync(cancellationToken);
}
