using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Seals a caller's key or token, and until when it counts, into a value that a browser can keep and nobody can read or change.
/// Nothing is stored: what the value holds is checked like any key each time, so it ends with its key.
/// </summary>
internal sealed class SessionSeal(byte[] key)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int TimeBytes = 8;

    // Another use of the same key must not make values that pass for sessions.
    private static readonly byte[] Purpose = "orleans-cluster session 1"u8.ToArray();

    public string Seal(string credential, DateTimeOffset expiresAt)
    {
        var plain = new byte[TimeBytes + Encoding.UTF8.GetByteCount(credential)];
        BinaryPrimitives.WriteInt64BigEndian(plain, expiresAt.ToUnixTimeMilliseconds());
        Encoding.UTF8.GetBytes(credential, plain.AsSpan(TimeBytes));
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(
            nonce, plain, sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(NonceBytes + plain.Length), Purpose);
        return Base64Url.EncodeToString(sealedBytes);
    }

    /// <summary>The key or token and its end; null when the value is not ours, was changed, or is over.</summary>
    public (string Credential, DateTimeOffset ExpiresAt)? Open(string value, DateTimeOffset now)
    {
        if (!Base64Url.IsValid(value)
            || Base64Url.DecodeFromChars(value) is not { Length: > NonceBytes + TagBytes + TimeBytes } bytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(
                bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length),
                plain, Purpose);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(plain));
        return expiresAt > now ? (Encoding.UTF8.GetString(plain.AsSpan(TimeBytes)), expiresAt) : null;
    }
}
