using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Orleans.Cluster.StorageTests.Postgres;

/// <summary>
/// A private PostgreSQL server in a folder of its own, on a free port of the loopback or of another address. It refuses to run as
/// root, so under root it runs as the user <c>postgres</c> or <c>nobody</c>. It ends with <see cref="DisposeAsync"/>, or by
/// <c>kill -9</c> of its process.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private readonly string folder;
    private readonly int port;
    private readonly string address;
    private readonly IReadOnlyList<string> within;
    private Process? process;

    private PostgresServer(string folder, int port, string address, IReadOnlyList<string> within)
    {
        this.folder = folder;
        this.port = port;
        this.address = address;
        this.within = within;
    }

    /// <summary>Whether this machine has PostgreSQL's programs.</summary>
    public static bool IsInstalled => FindProgram("postgres") is not null && FindProgram("initdb") is not null;

    /// <summary>Of the database <c>postgres</c>, as a superuser, by the socket in its folder.</summary>
    public string ConnectionString => LocalConnectionStringOf("postgres");

    /// <summary>How a database is reached from this process, wherever the server runs.</summary>
    public string LocalConnectionStringOf(string database) => ConnectionStringOf(database, within.Count == 0 ? address : folder);

    /// <summary>The server's process; its children end when it does.</summary>
    public int ProcessId => process?.Id ?? throw new InvalidOperationException("The server does not run.");

    public bool IsRunning => process is { HasExited: false };

    /// <summary>A new, empty server, ready for connections.</summary>
    /// <param name="address">Where it listens, beside its socket in its folder.</param>
    /// <param name="within">A command that becomes the server's program where it is to run; none for here.</param>
    public static async Task<PostgresServer> Create(
        string address = "127.0.0.1", IReadOnlyList<string>? within = null, CancellationToken cancellationToken = default)
    {
        var folder = Directory.CreateTempSubdirectory("pg-").FullName;
        var server = new PostgresServer(folder, FreePort(), address, within ?? []);
        await RunAs(
            folder, "initdb", $"-D {server.DataFolder} -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions",
            cancellationToken);
        await File.AppendAllTextAsync(
            Path.Combine(server.DataFolder, "pg_hba.conf"), $"host all all {address}/16 trust\n", cancellationToken);
        await server.Start(cancellationToken);
        return server;
    }

    /// <summary>How a database is reached by its address.</summary>
    public string ConnectionStringOf(string database) => ConnectionStringOf(database, address);

    // By the socket in its folder, it is reached from wherever the folder is seen.
    private string ConnectionStringOf(string database, string host) =>
        $"Host={host};Port={port.ToString(CultureInfo.InvariantCulture)};Username=postgres;Database={database}";

    /// <summary>A new database on this server; its connection string.</summary>
    public async Task<string> CreateDatabase(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE \"{name}\"", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return ConnectionStringOf(name);
    }

    /// <summary>Starts the server on its data, also after a crash, and waits until it answers.</summary>
    public async Task Start(CancellationToken cancellationToken = default)
    {
        // A server that was killed leaves its lock file; its process id may be somebody else's by now.
        File.Delete(Path.Combine(DataFolder, "postmaster.pid"));
        process = Launch(
            within, folder, "postgres",
            $"-D {DataFolder} -p {port.ToString(CultureInfo.InvariantCulture)} -k {folder} -c listen_addresses={address} -c "
            + "max_connections=200");
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var log = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var clock = Stopwatch.StartNew();
        Exception? last = null;
        while (clock.Elapsed < ReadyTimeout)
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"PostgreSQL ended with {process.ExitCode}: {await log}");
            }

            try
            {
                await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false;Timeout=5");
                await connection.OpenAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException e)
            {
                last = e;
                await Task.Delay(50, cancellationToken);
            }
        }

        throw new TimeoutException($"PostgreSQL did not answer within {ReadyTimeout}: {last?.Message}", last);
    }

    /// <summary>
    /// Ends the server. <paramref name="immediate"/> is a crash: connections break, nothing is flushed, and the next start
    /// recovers from the log. Otherwise sessions are ended and the server shuts down in order.
    /// </summary>
    public async Task Stop(bool immediate, CancellationToken cancellationToken = default)
    {
        if (process is not { HasExited: false } running)
        {
            return;
        }

        // SIGQUIT and SIGINT are the server's own words for an immediate and a fast shutdown.
        using (var kill = Process.Start(
            "kill", [immediate ? "-QUIT" : "-INT", running.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(cancellationToken);
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StopTimeout);
        await running.WaitForExitAsync(deadline.Token);
        running.Dispose();
        process = null;
    }

    /// <summary>
    /// Kills the server's first process with no warning to the others. They end when they notice, and only then may the next
    /// server start on the same data; it waits for that by itself, as long as nobody takes its lock file away.
    /// </summary>
    public async Task Kill()
    {
        var running = process ?? throw new InvalidOperationException("The server does not run.");
        running.Kill();
        await running.WaitForExitAsync();
        running.Dispose();
        process = null;
    }

    public async Task Restart(bool immediate, CancellationToken cancellationToken = default)
    {
        await Stop(immediate, cancellationToken);
        await Start(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await Stop(immediate: true);
        Directory.Delete(folder, recursive: true);
    }

    private string DataFolder => Path.Combine(folder, "data");

    private static string? FindProgram(string name)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).ToList();
        if (Directory.Exists("/usr/lib/postgresql"))
        {
            folders.AddRange(Directory.GetDirectories("/usr/lib/postgresql")
                .OrderDescending().Select(version => Path.Combine(version, "bin")));
        }

        return folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>
    /// Starts a program of PostgreSQL, under root as another user, who then owns the folder. <c>setpriv</c> becomes the program:
    /// one process.
    /// </summary>
    private static Process Launch(IReadOnlyList<string> within, string folder, string program, string arguments)
    {
        var path = FindProgram(program) ?? throw new InvalidOperationException(
            $"PostgreSQL's '{program}' is not on this machine; tests/run.sh installs it.");
        List<string> command = [.. within, path, .. arguments.Split(' ')];
        if (Environment.IsPrivilegedProcess)
        {
            var user = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal))
                ? "postgres" : "nobody";
            using (var chown = Process.Start("chown", ["-R", user, folder]))
            {
                chown.WaitForExit();
            }

            command.InsertRange(within.Count, ["setpriv", $"--reuid={user}", "--clear-groups"]);
        }

        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"{path} did not start.");
    }

    private static async Task RunAs(string folder, string program, string arguments, CancellationToken cancellationToken)
    {
        using var running = Launch([], folder, program, arguments);
        var output = running.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = running.StandardError.ReadToEndAsync(cancellationToken);
        await running.WaitForExitAsync(cancellationToken);
        if (running.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {running.ExitCode}: {await output}{await errors}");
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
