using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Seals secrets of callers that must be stored, such as the one that signs a job's callbacks. The key is not in the database, so
/// that who can read the database, or a copy of it, has none of them.
/// </summary>
internal sealed class SecretSeal
{
    // Told apart from what was stored in clear before; a caller's secret that begins so is sealed like any other.
    private const string Prefix = "sealed1:";
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly Lazy<byte[]> key;

    /// <param name="key">32 bytes, which may serve other purposes too.</param>
    public SecretSeal(Func<byte[]> key) => this.key = new Lazy<byte[]>(() => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, key(), outputLength: 32, info: "orleans-cluster stored secret 1"u8.ToArray()));

    public string Seal(string secret)
    {
        var plain = Encoding.UTF8.GetBytes(secret);
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key.Value, TagBytes);
        cipher.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(NonceBytes + plain.Length));
        return $"{Prefix}{Base64Url.EncodeToString(sealedBytes)}";
    }

    /// <summary>
    /// The secret; what was stored before secrets were sealed is the secret itself. Null when it was sealed with another key.
    /// </summary>
    public string? Open(string stored)
    {
        if (!stored.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return stored;
        }

        var text = stored.AsSpan(Prefix.Length);
        if (!Base64Url.IsValid(text) || Base64Url.DecodeFromChars(text) is not { Length: > NonceBytes + TagBytes } bytes)
        {
            return null;
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key.Value, TagBytes);
        try
        {
            cipher.Decrypt(
                bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(NonceBytes + plain.Length),
                plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
