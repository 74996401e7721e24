using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>Who has a port. Linux tells the process; elsewhere only that it is taken can be said.</summary>
internal static class PortHolder
{
    private const string Listening = "0A";

    /// <summary>Whether something listens at the address, so that a gateway could not.</summary>
    public static bool IsTaken(Uri address)
    {
        var host = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Loopback;
        try
        {
            using var listener = new TcpListener(host, address.Port);
            listener.Start();
            return false;
        }
        catch (SocketException refused) when (refused.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return true;
        }
        catch (SocketException)
        {
            // Not ours to bind, for another reason; the silo says which.
            return false;
        }
    }

    /// <returns>For example <c>process 4711 (Orleans.Cluster.Silo)</c>; null when it cannot be found out.</returns>
    public static string? Describe(int port)
    {
        var sockets = Sockets("/proc/net/tcp", port).Concat(Sockets("/proc/net/tcp6", port)).ToHashSet(StringComparer.Ordinal);
        return sockets.Count == 0 || !Directory.Exists("/proc")
            ? null
            : Directory.EnumerateDirectories("/proc")
            .Select(folder => Owner(folder, sockets)).FirstOrDefault(owner => owner is not null);
    }

    private static IEnumerable<string> Sockets(string table, int port)
    {
        if (!File.Exists(table))
        {
            yield break;
        }

        var ending = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var fields in File.ReadLines(table)
            .Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (fields.Length > 9 && fields[1].EndsWith(ending, StringComparison.Ordinal) && fields[3] == Listening)
            {
                yield return $"socket:[{fields[9]}]";
            }
        }
    }

    private static string? Owner(string folder, HashSet<string> sockets)
    {
        if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        try
        {
            return Directory.EnumerateFiles(Path.Combine(folder, "fd"))
                .Any(file => sockets.Contains(new FileInfo(file).LinkTarget ?? ""))
                ? $"process {id} ({File.ReadAllText(Path.Combine(folder, "comm")).Trim()})"
                : null;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // The process ended, or is somebody else's.
            return null;
        }
    }
}
