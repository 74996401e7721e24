using System.Security.Cryptography;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// The secret that sessions, and secrets of callers in the database, are sealed with: <c>Gateway:SessionKey</c>, which several
/// gateways of one cluster share, else one of this state directory, so that a restart signs nobody out.
/// </summary>
internal static class SessionKey
{
    private const int Bytes = 32;
    private const string FileName = "session.key";

    /// <exception cref="InvalidOperationException">The setting is not 32 bytes in base64.</exception>
    public static byte[] Of(string? setting, string stateDirectory)
    {
        if (setting is not null)
        {
            var given = new byte[Bytes];
            return Convert.TryFromBase64String(setting, given, out var length) && length == Bytes
                ? given
                : throw new InvalidOperationException(
                    "Gateway:SessionKey must be 32 bytes in base64, such as 'openssl rand -base64 32' prints.");
        }

        var path = Path.Combine(stateDirectory, FileName);
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: Bytes } kept)
        {
            return kept;
        }

        var made = RandomNumberGenerator.GetBytes(Bytes);
        Directory.CreateDirectory(stateDirectory);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(made);
        return made;
    }
}
