using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Gateway.Requests;

/// <summary>Where a gateway listens, and whether it may.</summary>
internal static partial class ListenAddresses
{
    // How the server tells addresses that are files.
    private static readonly string[] PipeMarks = ["://unix:/", "://pipe:/"];

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

    /// <summary>Addresses that the server could not read, each with what is wrong in it.</summary>
    public static IEnumerable<string> FindMalformed(string urls)
    {
        foreach (var url in Split(urls).Where(url => !IsPipe(url)))
        {
            var parts = Form().Match(url);
            if (!parts.Success)
            {
                yield return $"'{url}' of Urls is not an address. Write it as http://127.0.0.1:8001.";
            }
            else if (parts.Groups["scheme"].Value.ToUpperInvariant() is not ("HTTP" or "HTTPS"))
            {
                yield return $"'{url}' of Urls begins with {parts.Groups["scheme"].Value}://. Write http:// or https://.";
            }
            else if (parts.Groups["port"] is { Success: true, Value: var port }
                && !(int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 65535))
            {
                yield return $"The port of '{url}' (Urls) is not a number from 0 to 65535.";
            }
            else if (parts.Groups["path"].Value.Length > 1)
            {
                yield return $"'{url}' of Urls has a path, and a gateway listens at none. Write it as http://127.0.0.1:8001.";
            }
        }
    }

    /// <summary>Whether something listens on that port already, as far as one can tell before binding it.</summary>
    public static bool IsTaken(string url) => Look(url) != SocketError.Success;

    private static bool IsPipe(string url) => PipeMarks.Any(mark => url.Contains(mark, StringComparison.OrdinalIgnoreCase));

    private static SocketError Look(string url)
    {
        var binding = BindingAddress.Parse(url);
        var address = IPAddress.TryParse(binding.Host.Trim('[', ']'), out var parsed) ? parsed
            : IsLoopback(url) ? IPAddress.Loopback
            : Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        return FreePorts.Look(new IPEndPoint(address, binding.Port));
    }

    /// <summary>Ends a gateway before anything of it has begun when something else listens where it would.</summary>
    /// <exception cref="StartRefusedException">An address is taken, not this user's, or not this machine's.</exception>
    public static void RefuseTaken(string urls)
    {
        foreach (var url in Split(urls))
        {
            var binding = BindingAddress.Parse(url);
            if (!binding.IsUnixPipe && !binding.IsNamedPipe && binding.Port > 0 && Look(url) is var error
                && FreePorts.WhyNot(error, binding.Host, binding.Port) is { } why)
            {
                throw new StartRefusedException($"{why} {FreePorts.Remedy(error, "Urls")}");
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

    [GeneratedRegex(@"^(?<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:\[[^\]]*\]|[^:/\[\]]+)?(?::(?<port>[^/]*))?(?<path>/.*)?$")]
    private static partial Regex Form();
}
