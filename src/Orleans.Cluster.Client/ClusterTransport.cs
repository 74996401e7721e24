using System.Net;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Polly.Timeout;

namespace Orleans.Cluster.Client;

/// <summary>Sends one request and turns every bad end into one of the client's two exceptions.</summary>
internal sealed class ClusterTransport(HttpClient http)
{
    private const string ProblemType = "application/problem+json";

    public async Task<T> GetAsync<T>(string address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await SendAsync<T>(request, cancellationToken);
    }

    public async Task<T> SendAsync<T>(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(request, cancellationToken);
        await ThrowIfRefusedAsync(response, cancellationToken);
        return await ReadAsync<T>(response, cancellationToken);
    }

    /// <summary>The answer's head, whatever its status; the caller reads and disposes it.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception exception) when (IsOutage(exception, cancellationToken))
        {
            throw new ClusterUnreachableException(http.BaseAddress, exception);
        }
    }

    public async Task<T> ReadAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync<T>(body, WireJson.Options, cancellationToken)
                ?? throw Foreign(response, "an empty document");
        }
        catch (JsonException exception)
        {
            throw Foreign(response, $"a document that is not understood ({exception.Message})", exception);
        }
        catch (Exception exception) when (IsOutage(exception, cancellationToken))
        {
            throw new ClusterUnreachableException(http.BaseAddress, exception);
        }
    }

    public async Task<Stream> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await SendAsync(request, cancellationToken);
        try
        {
            await ThrowIfRefusedAsync(response, cancellationToken);
            return new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>A step of reading an answer that arrives over time.</summary>
    public async Task<T> GuardAsync<T>(ValueTask<T> step, CancellationToken cancellationToken)
    {
        try
        {
            return await step;
        }
        catch (Exception exception) when (IsOutage(exception, cancellationToken))
        {
            throw new ClusterUnreachableException(http.BaseAddress, exception);
        }
    }

    public async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified)
        {
            return;
        }

        if (!IsProblem(response))
        {
            throw Foreign(response, $"{response.Content.Headers.ContentType?.MediaType ?? "no body"}");
        }

        throw new ClusterException(await ReadAsync<ProblemDocument>(response, cancellationToken));
    }

    /// <summary>Whether the answer says what is wrong in the gateway's own form.</summary>
    public static bool IsProblem(HttpResponseMessage response) =>
        string.Equals(response.Content.Headers.ContentType?.MediaType, ProblemType, StringComparison.OrdinalIgnoreCase);

    /// <summary>What answered may be a proxy or another server altogether: say so instead of guessing a code.</summary>
    private static ClusterException Foreign(HttpResponseMessage response, string what, Exception? inner = null) => new(
        ProblemCode.Internal,
        $"{response.RequestMessage?.RequestUri} answered {(int)response.StatusCode} with {what}.",
        "Check that the address is that of a cluster's gateway.",
        inner: inner);

    private static bool IsOutage(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        && exception is HttpRequestException or TimeoutRejectedException or IOException or OperationCanceledException;
}
