using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Reads a JSON body whole, within its bound.</summary>
internal static class RequestBody
{
    /// <summary>The body, or null when there is none.</summary>
    /// <exception cref="ClusterException"><c>unsupported-media-type</c>, <c>payload-too-large</c>.</exception>
    public static async Task<ReadOnlyMemory<byte>?> ReadOptionalJson(
        this HttpRequest request, CancellationToken cancellationToken)
    {
        var hasNone = request.ContentLength is null or 0 && request.Headers.TransferEncoding.Count == 0;
        if (hasNone)
        {
            return null;
        }

        var body = await request.ReadJson(cancellationToken);
        return body.IsEmpty ? null : body;
    }

    /// <exception cref="ClusterException"><c>unsupported-media-type</c>, <c>payload-too-large</c>.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadJson(this HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new ClusterException(
                Contracts.ProblemCode.UnsupportedMediaType, "The body must be JSON.", "Send 'Content-Type: application/json'.");
        }

        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (body.Length + read > GatewayLimits.BodyBytes)
            {
                throw new ClusterException(
                    Contracts.ProblemCode.PayloadTooLarge, $"A request body can have {GatewayLimits.BodyBytes} bytes at most.");
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }
}
