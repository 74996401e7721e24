using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.SystemTests.Tracing;

/// <summary>A span as it arrived, with the process that sent it.</summary>
internal sealed record ReceivedSpan(
    string Process, string TraceId, string SpanId, string ParentId, string Name, long StartNanos, long EndNanos,
    IReadOnlyDictionary<string, string> Tags, IReadOnlyList<string> LinkedTraces);

/// <summary>
/// A collector that takes OTLP over HTTP, spans and figures, and keeps the spans. It reads the wire format of protobuf by itself.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication server;
    private int figures;

    private OtlpReceiver(WebApplication server) => this.server = server;

    public string Address => server.Urls.Single();

    public ConcurrentQueue<ReceivedSpan> Spans { get; } = new();

    /// <summary>Messages with figures that have arrived.</summary>
    public int Figures => figures;

    public static async Task<OtlpReceiver> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var receiver = new OtlpReceiver(server);
        server.MapPost("/v1/traces", async (HttpContext context) =>
        {
            foreach (var span in Read(await Body(context)))
            {
                receiver.Spans.Enqueue(span);
            }
        });
        server.MapPost("/v1/metrics", async (HttpContext context) =>
        {
            await Body(context);
            Interlocked.Increment(ref receiver.figures);
        });
        await server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private static async Task<byte[]> Body(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        return buffer.ToArray();
    }

    // ExportTraceServiceRequest { ResourceSpans 1 { Resource 1 { KeyValue 1 }, ScopeSpans 2 { Span 2 } } }
    private static IEnumerable<ReceivedSpan> Read(byte[] message) =>
        from resource in Messages(message, 1)
        let process = Tags(Messages(resource, 1).Single(), 1).GetValueOrDefault("service.instance.id", "")
        from scope in Messages(resource, 2)
        from span in Messages(scope, 2)
        let fields = Fields(span).ToLookup(field => field.Number, field => field)
        select new ReceivedSpan(
            process, Hex(fields[1]), Hex(fields[2]), Hex(fields[4]), Encoding.UTF8.GetString(fields[5].Single().Bytes),
            fields[7].Single().Value,
            fields[8].Single().Value, Tags(span, 9),
            [.. fields[13].Select(link => Hex(Fields(link.Bytes).Where(field => field.Number == 1)))]);

    private static string Hex(IEnumerable<Field> fields) =>
        Convert.ToHexStringLower(fields.Select(field => field.Bytes).SingleOrDefault([]));

    private static Dictionary<string, string> Tags(byte[] message, int number) =>
        Messages(message, number).Select(Fields).ToDictionary(
        pair => Encoding.UTF8.GetString(pair.Single(field => field.Number == 1).Bytes),
        pair => Any(pair.Single(field => field.Number == 2).Bytes));

    // AnyValue: text 1, truth 2, whole number 3; others are not sent by us.
    private static string Any(byte[] value) => Fields(value).FirstOrDefault() switch
    {
        { Number: 1 } text => Encoding.UTF8.GetString(text.Bytes),
        { } other => $"{other.Value}",
        null => "",
    };

    private static IEnumerable<byte[]> Messages(byte[] message, int number) =>
        Fields(message).Where(field => field.Number == number).Select(field => field.Bytes);

    private static List<Field> Fields(byte[] message)
    {
        var fields = new List<Field>();
        for (var at = 0; at < message.Length;)
        {
            var (number, kind) = Math.DivRem(Varint(message, ref at), 8);
            switch (kind)
            {
                case 0:
                    fields.Add(new Field((int)number, [], Varint(message, ref at)));
                    break;
                case 1:
                    fields.Add(new Field((int)number, [], BinaryPrimitives.ReadInt64LittleEndian(message.AsSpan(at))));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    fields.Add(new Field((int)number, message[at..(at + length)], 0));
                    at += length;
                    break;
                case 5:
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"Wire type {kind} at byte {at}.");
            }
        }

        return fields;
    }

    private static long Varint(byte[] message, ref int at)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var next = message[at++];
            value |= (long)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }

    private sealed record Field(int Number, byte[] Bytes, long Value);
}
