using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Protects what a page of the console holds between its request and its connection. Its keys are made from the one that sessions
/// are sealed with, a key for each purpose: gateways that share that one open what the others have protected, and there is no
/// ring to store.
/// </summary>
internal sealed class SharedProtection : IDataProtector
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly Func<byte[]> secret;
    private readonly byte[] purposes;
    private readonly Lazy<byte[]> key;

    /// <param name="secret">32 bytes, which may serve other purposes too.</param>
    public SharedProtection(Func<byte[]> secret)
        : this(secret, "orleans-cluster data protection 1"u8.ToArray())
    {
    }

    private SharedProtection(Func<byte[]> secret, byte[] purposes)
    {
        (this.secret, this.purposes) = (secret, purposes);
        key = new Lazy<byte[]>(() => HKDF.DeriveKey(HashAlgorithmName.SHA256, secret(), outputLength: 32, info: purposes));
    }

    public IDataProtector CreateProtector(string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        var name = Encoding.UTF8.GetBytes(purpose);
        var length = new byte[sizeof(int)];
        // With its length, so that no two lists of purposes are the same bytes.
        BinaryPrimitives.WriteInt32BigEndian(length, name.Length);
        return new SharedProtection(secret, [.. purposes, .. length, .. name]);
    }

    public byte[] Protect(byte[] plaintext)
    {
        ArgumentNullException.ThrowIfNull(plaintext);
        var protectedData = new byte[NonceBytes + plaintext.Length + TagBytes];
        var nonce = protectedData.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key.Value, TagBytes);
        var (text, tag) = (protectedData.AsMemory(NonceBytes, plaintext.Length),
            protectedData.AsMemory(NonceBytes + plaintext.Length));
        cipher.Encrypt(nonce, plaintext, text.Span, tag.Span);
        return protectedData;
    }

    /// <exception cref="CryptographicException">
    /// It was protected with another key or for another purpose, or was changed.
    /// </exception>
    public byte[] Unprotect(byte[] protectedData)
    {
        ArgumentNullException.ThrowIfNull(protectedData);
        if (protectedData.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException("This is too short to be protected data.");
        }

        var plaintext = new byte[protectedData.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key.Value, TagBytes);
        var (text, tag) = (protectedData.AsMemory(NonceBytes, plaintext.Length),
            protectedData.AsMemory(NonceBytes + plaintext.Length));
        cipher.Decrypt(protectedData.AsSpan(0, NonceBytes), text.Span, tag.Span, plaintext);
        return plaintext;
    }
}
