using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Cluster.Gateway.Callbacks;

/// <summary>
/// Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, so that none of the three can be changed or used
/// again.
/// </summary>
internal static class CallbackSignature
{
    private const string Prefix = "whsec_";

    /// <summary>Whether a secret can sign: any text, or the prefix and base64 of 16 to 64 bytes.</summary>
    public static bool IsSecret(string secret) =>
        !secret.StartsWith(Prefix, StringComparison.Ordinal)
        || (TryDecode(secret[Prefix.Length..]) is { Length: >= 16 and <= 64 });

    /// <summary>The value of <c>webhook-signature</c>.</summary>
    public static string Sign(string secret, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, KeyOf(secret));
        hmac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.")));
        hmac.AppendData(body);
        return $"v1,{Convert.ToBase64String(hmac.GetHashAndReset())}";
    }

    private static byte[] KeyOf(string secret) =>
        (secret.StartsWith(Prefix, StringComparison.Ordinal) ? TryDecode(secret[Prefix.Length..]) : null)
        ?? Encoding.UTF8.GetBytes(secret);

    private static byte[]? TryDecode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
