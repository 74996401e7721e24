using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>The REST API over HTTP, for whichever caller.</summary>
internal sealed class GatewayHttp(HttpClient http) : IDisposable
{
    private static readonly ProblemDocument Unreachable =
        ProblemDocument.Of(ProblemCode.StorageUnavailable, "The gateway does not answer.", "The page tries again by itself.");

    /// <summary>Asks, and gives the answer's text with its tag, or the refusal.</summary>
    public async Task<Reply> Send(
        HttpMethod method, string path, string? session, object? body = null, Action<HttpRequestHeaders>? headers = null,
        CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(method, $"/api/processing{path}");
        if (body is not null)
        {
            request.Content = body is string text
                ? new StringContent(text, new MediaTypeHeaderValue("application/json", "utf-8"))
                : JsonContent.Create(body, body.GetType(), options: Bodies);
        }

        if (session is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", $"{SessionCookie.Name}={session}");
            // The gateway takes changes by cookie from its own pages only; the console is one of them.
            request.Headers.TryAddWithoutValidation("Origin", http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        }

        headers?.Invoke(request.Headers);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return new Reply((int)response.StatusCode, content, response.Headers.ETag?.ToString());
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The last is the time-out of the client itself.
            return new Reply(Unreachable.Status, JsonSerializer.SerializeToUtf8Bytes(Unreachable, WireJson.Options), null);
        }
    }

    public void Dispose() => http.Dispose();

    private static JsonSerializerOptions Bodies { get; } =
        new(WireJson.Options) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
}
