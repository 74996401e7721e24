using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Orleans.Cluster.Cli.Embedded;

/// <summary>Who has a port. Linux tells the process; elsewhere only that it is taken can be said.</summary>
internal static class PortHolder
{
    private const string Listening = "0A";
    private const int LastPort = 65535;
    private const int DefaultPort = 8001;

    /// <summary>Why a gateway could not listen at the address, and what to do; null when it could.</summary>
    public static string? WhyNot(Uri address) => Look(address) switch
    {
        SocketError.AddressAlreadyInUse =>
            $"Port {address.Port} of {address.Host} is taken{(Describe(address.Port) is { } who ? $" by {who}" : "")}. Stop "
            + "that, or choose another address with --url "
            + $"http://127.0.0.1:{(address.Port < LastPort ? address.Port + 1 : DefaultPort)}.",
        SocketError.AccessDenied =>
            $"This user may not listen on port {address.Port} of {address.Host}: low ports are the system's. Choose another "
            + $"address with --url http://127.0.0.1:{DefaultPort}.",
        SocketError.AddressNotAvailable =>
            $"This machine does not have the address {address.Host}. Choose another one with --url "
            + $"http://127.0.0.1:{DefaultPort}.",
        _ => null,
    };

    /// <summary>Whether something listens at the address, so that a gateway could not.</summary>
    public static bool IsTaken(Uri address) => Look(address) == SocketError.AddressAlreadyInUse;

    private static SocketError Look(Uri address)
    {
        var host = IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) ? ip : IPAddress.Loopback;
        try
        {
            using var listener = new TcpListener(host, address.Port);
            listener.Start();
            return SocketError.Success;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
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
