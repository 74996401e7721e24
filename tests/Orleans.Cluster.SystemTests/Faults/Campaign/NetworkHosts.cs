using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Orleans.Cluster.SystemTests.Faults.Campaign;

/// <summary>
/// Hosts of a network that exists in this machine alone: network namespaces on a bridge of their own. Between any two of them
/// what is sent can be lost in silence, as when a cable is pulled or a switch fails. Each command that enters a host has a mount
/// namespace of its own as well. Linux only, for root.
/// </summary>
internal sealed class NetworkHosts : IAsyncDisposable
{
    private const int NewNetwork = 0x40000000;
    private static readonly string Nowhere = "02:00:00:00:00:99";
    private readonly string prefix = $"oc{Random.Shared.Next(0x10000):x4}";
    private readonly int count;

    private NetworkHosts(int count) => this.count = count;

    /// <summary>Whether hosts can be made here.</summary>
    public static bool ArePossible { get; } = Environment.IsPrivilegedProcess && OperatingSystem.IsLinux() && CanMake();

    /// <summary>Hosts of the numbers from 0 on, which reach each other.</summary>
    public static async Task<NetworkHosts> CreateAsync(int count)
    {
        var hosts = new NetworkHosts(count);
        await IpAsync($"netns add {hosts.Switch}");
        await IpAsync($"-n {hosts.Switch} link add br0 type bridge");
        await IpAsync($"-n {hosts.Switch} link set br0 up");
        for (var host = 0; host < count; host++)
        {
            var name = hosts.Name(host);
            await IpAsync($"netns add {name}");
            await IpAsync($"-n {hosts.Switch} link add p{host} type veth peer name eth0 netns {name}");
            await IpAsync($"-n {hosts.Switch} link set p{host} master br0 up");
            await IpAsync($"-n {name} addr add {Address(host)}/24 dev eth0");
            await IpAsync($"-n {name} link set eth0 up");
            await IpAsync($"-n {name} link set lo up");
        }

        return hosts;
    }

    /// <summary>Where the others reach a host.</summary>
    public static string Address(int host) => string.Create(CultureInfo.InvariantCulture, $"10.77.0.{host + 1}");

    /// <summary>A command that becomes another one on a host.</summary>
    public IReadOnlyList<string> Enter(int host) => ["ip", "netns", "exec", Name(host)];

    /// <summary>From now on nothing passes between two hosts, and neither is told.</summary>
    public async Task CutAsync(int one, int other)
    {
        await IpAsync($"-n {Name(one)} neigh replace {Address(other)} lladdr {Nowhere} dev eth0 nud permanent");
        await IpAsync($"-n {Name(other)} neigh replace {Address(one)} lladdr {Nowhere} dev eth0 nud permanent");
    }

    /// <summary>From now on what is sent arrives again.</summary>
    public async Task MendAsync(int one, int other)
    {
        await IpAsync($"-n {Name(one)} neigh del {Address(other)} dev eth0");
        await IpAsync($"-n {Name(other)} neigh del {Address(one)} dev eth0");
    }

    /// <summary>Cuts one host off from all others.</summary>
    public async Task CutOffAsync(int host)
    {
        foreach (var other in Enumerable.Range(0, count).Where(other => other != host))
        {
            await CutAsync(host, other);
        }
    }

    /// <summary>Ends <see cref="CutOffAsync"/>.</summary>
    public async Task MendAllAsync(int host)
    {
        foreach (var other in Enumerable.Range(0, count).Where(other => other != host))
        {
            await MendAsync(host, other);
        }
    }

    /// <summary>A socket that listens on a host, once it is told to, as one of a program on it would.</summary>
    public Socket Bind(int host, EndPoint address)
    {
        var socket = SocketOfAsync(host, CancellationToken.None).GetAwaiter().GetResult();
        socket.Bind(address);
        return socket;
    }

    /// <summary>A connection to an address, as a program on a host would make it.</summary>
    public async ValueTask<Stream> ConnectAsync(int host, EndPoint address, CancellationToken cancellationToken)
    {
        var socket = await SocketOfAsync(host, cancellationToken);
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var name in Enumerable.Range(0, count).Select(Name).Append(Switch))
        {
            await IpAsync($"netns del {name}");
        }
    }

    // A thread is in one network, and a socket stays in that of the thread which made it: the thread ends with its task.
    private Task<Socket> SocketOfAsync(int host, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () =>
        {
            using var network = File.OpenHandle($"/run/netns/{Name(host)}");
            if (setns((int)network.DangerousGetHandle(), NewNetwork) != 0)
            {
                throw new IOException($"setns: error {Marshal.GetLastPInvokeError()}");
            }

            return new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        },
        cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private string Switch => $"{prefix}-switch";

    private string Name(int host) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-{host}");

    /// <summary>Runs a program to its end.</summary>
    internal static async Task RunAsync(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {string.Concat(output)}");
        }
    }

    private static Task IpAsync(string arguments) => RunAsync("ip", arguments.Split(' '));

    // Containers may forbid it to root too.
    private static bool CanMake()
    {
        var name = $"oc{Random.Shared.Next(0x10000):x4}-try";
        try
        {
            IpAsync($"netns add {name}").GetAwaiter().GetResult();
            IpAsync($"-n {name} link add v0 type veth peer name v1").GetAwaiter().GetResult();
            IpAsync($"netns del {name}").GetAwaiter().GetResult();
            return true;
        }
        catch (Exception exception) when (exception is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int setns(int descriptor, int kind);
}
