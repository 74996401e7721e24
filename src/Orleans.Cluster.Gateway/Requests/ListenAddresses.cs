using System.Net;
using System.Net.Sockets;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Where a gateway listens, and whether it may.</summary>
internal static class ListenAddresses
{
    /// <summary>Faults of the addresses, for people; none when the gateway may listen there.</summary>
    /// <param name="urls">Addresses as Kestrel takes them, separated by semicolons.</param>
    /// <param name="asksForKeys">Whether every caller must say who it is.</param>
    public static IEnumerable<string> FindFaults(string urls, bool asksForKeys) =>
        asksForKeys ? [] : Split(urls).Where(url => !IsLoopback(url)).Select(url =>
            $"The gateway would listen on {url}, which other machines reach, and asks nobody for a key. Set "
            + "Gateway:Authentication=Required " +
            "and make a key with 'keys create --name NAME --role ADMIN', or set Urls to an address of 127.0.0.0/8.");

    /// <exception cref="StartRefusedException">The gateway may not listen on one of these.</exception>
    public static void RefuseFaults(IReadOnlyCollection<string> urls, bool asksForKeys)
    {
        if (urls.SelectMany(some => FindFaults(some, asksForKeys)).ToList() is { Count: > 0 } faults)
        {
            throw new StartRefusedException(string.Join(Environment.NewLine, faults));
        }
    }

    /// <summary>
    /// Ends a gateway that turns out to listen where it may not: there are more ways to tell the server its addresses than are
    /// looked at before.
    /// </summary>
    /// <exception cref="StartRefusedException">See <see cref="RefuseFaults"/>.</exception>
    public static async Task RefuseOpenAddresses(this WebApplication app, bool asksForKeys)
    {
        try
        {
            RefuseFaults([.. app.Urls], asksForKeys);
        }
        catch (StartRefusedException)
        {
            await app.StopAsync();
            throw;
        }
    }

    /// <summary>Whether only this machine reaches every one of the addresses.</summary>
    public static bool AreLoopback(string urls) => Split(urls).All(IsLoopback);

    /// <summary>The address of the dashboard: scheme and host of the first address, its own port.</summary>
    public static string WithPort(string urls, int port)
    {
        var first = BindingAddress.Parse(Split(urls)[0]);
        return $"{first.Scheme}://{first.Host}:{port}";
    }

    /// <summary>Whether something listens on that port already, as far as one can tell before binding it.</summary>
    public static bool IsTaken(string url)
    {
        var binding = BindingAddress.Parse(url);
        var address = IPAddress.TryParse(binding.Host.Trim('[', ']'), out var parsed) ? parsed
            : IsLoopback(url) ? IPAddress.Loopback
            : Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        return !FreePorts.IsFree(new IPEndPoint(address, binding.Port));
    }

    /// <summary>Ends a gateway before anything of it has begun when something else listens where it would.</summary>
    /// <exception cref="StartRefusedException">An address is taken.</exception>
    public static void RefuseTaken(string urls)
    {
        foreach (var url in Split(urls))
        {
            var binding = BindingAddress.Parse(url);
            if (!binding.IsUnixPipe && !binding.IsNamedPipe && binding.Port > 0 && IsTaken(url))
            {
                throw new StartRefusedException(
                    $"Port {binding.Port} of {binding.Host} is taken by another process. Stop that, or set Urls to another "
                    + "address.");
            }
        }
    }

    /// <summary>Every address that the configuration names: <c>Urls</c>, and the endpoints of Kestrel's own section.</summary>
    public static string Of(IConfiguration configuration) =>
        string.Join(';', EndpointUrls(configuration).Prepend(configuration["Urls"]));

    /// <summary>The addresses that the server listens on: of the endpoints when there are any, which then count alone.</summary>
    /// <exception cref="StartRefusedException">
    /// There is none: the server would listen where a variable of the system says.
    /// </exception>
    public static string InUse(IConfiguration configuration) =>
        EndpointUrls(configuration).ToList() is { Count: > 0 } endpoints ? string.Join(';', endpoints)
        : configuration["Urls"] is { } urls && Split(urls).Length > 0 ? urls
        : throw new StartRefusedException(
            "Urls is empty. Name the addresses that the gateway is to listen on, such as http://127.0.0.1:8001.");

    /// <summary>The endpoints of Kestrel's own section.</summary>
    public static IEnumerable<IConfigurationSection> Endpoints(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren();

    private static IEnumerable<string?> EndpointUrls(IConfiguration configuration) =>
        Endpoints(configuration).Select(endpoint => endpoint["Url"]);

    /// <summary>Addresses as Kestrel takes them, parted.</summary>
    public static string[] Split(string urls) =>
        urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsLoopback(string url)
    {
        var binding = BindingAddress.Parse(url);
        return binding.IsUnixPipe || binding.IsNamedPipe || binding.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }
}
