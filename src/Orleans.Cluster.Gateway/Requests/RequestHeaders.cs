using System.Globalization;
using Microsoft.Net.Http.Headers;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Forms;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Headers that several endpoints read.</summary>
internal static class RequestHeaders
{
    public static EntityTagHeaderValue TagOf(JobStatus status) =>
        new(string.Create(CultureInfo.InvariantCulture, $"\"{status.Revision}\""));

    /// <summary>Whether the client has this revision already.</summary>
    public static bool Knows(this HttpRequest request, JobStatus status) =>
        EntityTagHeaderValue.TryParseList(request.Headers.IfNoneMatch, out var tags)
        && tags.Any(tag => tag.Compare(TagOf(status), useStrongComparison: false) || tag.Equals(EntityTagHeaderValue.Any));

    /// <summary>
    /// Seconds of <c>Prefer: wait=N</c> (RFC 7240), 0 to the limit; null when it is not there or not understood, which the RFC
    /// says to ignore.
    /// </summary>
    public static TimeSpan? PreferredWait(this HttpRequest request)
    {
        foreach (var preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            var parts = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (parts is [var name, var value] && name.Equals("wait", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return TimeSpan.FromSeconds(Math.Min(seconds, GatewayLimits.WaitSeconds));
            }
        }

        return null;
    }

    /// <summary>The idempotency key, or null.</summary>
    /// <exception cref="ClusterException"><c>validation-failed</c>.</exception>
    public static string? IdempotencyKey(this HttpRequest request)
    {
        var values = request.Headers["Idempotency-Key"];
        if (values.Count == 0)
        {
            return null;
        }

        return values.Count == 1 ? CheckedKey(values[0]!) : throw BadKey();
    }

    /// <summary>A key as it was sent, in its one form.</summary>
    /// <exception cref="ClusterException"><c>validation-failed</c>.</exception>
    public static string CheckedKey(string sent)
    {
        // The draft standard writes it as a quoted string, most clients without quotes; both are the same key.
        var key = sent.Trim().Trim('"');
        return key.Length is > 0 and <= GatewayLimits.IdempotencyKeyLength && key.All(c => c is >= ' ' and <= '~')
            ? key
            : throw BadKey();
    }

    private static ClusterException BadKey()
    {
        const string Detail = "An Idempotency-Key has 1 to 255 printable ASCII characters, and is given once.";
        return new(Contracts.ProblemCode.ValidationFailed, Detail,
            errors: [new Fault("Idempotency-Key", FaultCodes.InvalidValue, Detail)]);
    }
}
