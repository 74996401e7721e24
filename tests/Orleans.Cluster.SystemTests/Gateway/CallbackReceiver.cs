using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>One message as it arrived.</summary>
internal sealed record ReceivedCallback(string Id, string Timestamp, string Signature, string Body)
{
    public string Type => JsonDocument.Parse(Body).RootElement.GetProperty("type").GetString()!;

    public long Revision => JsonDocument.Parse(Body).RootElement.GetProperty("data").GetProperty("revision").GetInt64();

    /// <summary>What its signature is if it was signed with a secret in base64.</summary>
    public string Sign(string secret) => "v1," + Convert.ToBase64String(HMACSHA256.HashData(
        Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Body}")));
}

/// <summary>
/// A receiver of callbacks that is not there until it is started, and then answers 503 for the first few requests.
/// </summary>
internal sealed class CallbackReceiver : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private Task loop = Task.CompletedTask;
    private int refusals;

    public CallbackReceiver(int refusals)
    {
        this.refusals = refusals;
        Address = $"http://127.0.0.1:{EndToEnd.EmbeddedCluster.FreePort()}/hook/";
        listener.Prefixes.Add(Address);
    }

    public void Start()
    {
        listener.Start();
        loop = Task.Run(Run);
    }

    public string Address { get; }

    public ConcurrentQueue<ReceivedCallback> Accepted { get; } = new();

    /// <summary>Accepted or not.</summary>
    public ConcurrentQueue<ReceivedCallback> Received { get; } = new();

    /// <summary>So many requests get no answer, before the others.</summary>
    public int Held { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (listener.IsListening)
        {
            listener.Stop();
        }

        await loop;
        listener.Close();
    }

    private async Task Run()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            var headers = context.Request.Headers;
            var message = new ReceivedCallback(
                headers["webhook-id"]!, headers["webhook-timestamp"]!, headers["webhook-signature"]!, body);
            Received.Enqueue(message);
            if (Held-- > 0)
            {
                continue;
            }

            var refuse = refusals-- > 0;
            if (!refuse)
            {
                Accepted.Enqueue(message);
            }

            context.Response.StatusCode = refuse ? 503 : 204;
            context.Response.Close();
        }
    }
}
