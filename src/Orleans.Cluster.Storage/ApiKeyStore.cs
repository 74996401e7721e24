using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Storage.Rows;

namespace Orleans.Cluster.Storage;

/// <summary>
/// API keys: <c>oc_</c>, eight characters that name the key, <c>_</c>, and 256 random bits. A plain SHA-256 is enough for them:
/// nobody guesses that much, unlike a password.
/// </summary>
internal sealed class ApiKeyStore(ClusterDatabase database) : IApiKeyStore
{
    private const string Prefix = "oc_";
    private const int NameBytes = 4;
    private const int SecretBytes = 32;
    private static readonly int IdLength = Prefix.Length + (NameBytes * 2);

    public async Task<NewApiKey> Create(
        string name, AccessRole role, DateTimeOffset now, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var id = Prefix + RandomNumberGenerator.GetHexString(NameBytes * 2, lowercase: true);
        var secret = $"{id}_{RandomNumberGenerator.GetHexString(SecretBytes * 2, lowercase: true)}";
        var row = new ApiKeyRow
        {
            Id = id, Name = name, Role = role, Hash = Hash(secret), CreatedAt = now, ExpiresAt = expiresAt,
        };
        await database.WriteInAnyEpoch(
            db =>
            {
                db.ApiKeys.Add(row);
                return db.SaveChangesAsync(cancellationToken);
            },
            cancellationToken);
        return new NewApiKey(ToKey(row), secret);
    }

    public async Task<ApiKey?> Find(string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!key.StartsWith(Prefix, StringComparison.Ordinal) || key.Length <= IdLength)
        {
            return null;
        }

        var id = key[..IdLength];
        var row = await database.Read(
            db => db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken), cancellationToken);
        return row is not null && IsSame(row.Hash, Hash(key)) && row.RevokedAt is null && !(row.ExpiresAt <= now)
            ? ToKey(row)
            : null;
    }

    public Task<IReadOnlyList<ApiKey>> List(CancellationToken cancellationToken) =>
        database.Read<IReadOnlyList<ApiKey>>(
            async db =>
            {
                var rows = await db.ApiKeys.AsNoTracking()
                    .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(cancellationToken);
                return [.. rows.Select(ToKey)];
            },
            cancellationToken);

    public async Task<bool> Revoke(string id, DateTimeOffset now, CancellationToken cancellationToken) =>
        await database.WriteInAnyEpoch(
            db => db.ApiKeys
                .Where(row => row.Id == id && row.RevokedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), cancellationToken),
            cancellationToken) == 1;

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static bool IsSame(string stored, string given) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(stored), Encoding.ASCII.GetBytes(given));

    private static ApiKey ToKey(ApiKeyRow row) => new(row.Id, row.Name, row.Role, row.CreatedAt, row.ExpiresAt, row.RevokedAt);
}
