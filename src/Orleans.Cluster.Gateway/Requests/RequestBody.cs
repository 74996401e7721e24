using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Reads a JSON body whole, within its bound.</summary>
internal static class RequestBody
{
    /// <summary>The body, or null when there is none.</summary>
    /// <exception cref="ClusterException">
    /// <c>unsupported-media-type</c>, <c>payload-too-large</c>, <c>rate-limited</c>.
    /// </exception>
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

    /// <summary>The body. One that is large waits for its caller's turn, and has it until the answer has been sent.</summary>
    /// <exception cref="ClusterException">
    /// <c>unsupported-media-type</c>, <c>payload-too-large</c>, <c>rate-limited</c>.
    /// </exception>
    public static async Task<ReadOnlyMemory<byte>> ReadJson(this HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new ClusterException(
                Contracts.ProblemCode.UnsupportedMediaType, "The body must be JSON.", "Send 'Content-Type: application/json'.");
        }

        var large = request.HttpContext.RequestServices.GetRequiredService<LargeBodies>();
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

            if (body.Length <= LargeBodies.Bytes && body.Length + read > LargeBodies.Bytes)
            {
                large.Hold(request.HttpContext);
            }

            body.Write(buffer, 0, read);
        }

        if (body.Length > LargeBodies.Bytes)
        {
            await large.WaitForTurn(request.HttpContext, cancellationToken);
        }

        return body.ToArray();
    }
}
