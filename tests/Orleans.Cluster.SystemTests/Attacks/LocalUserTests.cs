using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Attacks;

/// <summary>
/// What another user of the same machine reaches while the cluster runs, and what the cluster's own user leaves open.
/// </summary>
[UnsupportedOSPlatform("windows")]
[Collection("attacked")]
public sealed class LocalUserTests(AttackedCluster attacked)
{
    private const string Secret = "whsec_c2VjcmV0LW9mLWEtY2FsbGJhY2stMTIzNDU2";
    private const int Other = 65_534;

    [Fact]
    public async Task State_AfterAJob_IsItsUsersAloneAndWhatItPublishedIsNot()
    {
        var id = await AttackedCluster.SubmitAsync(attacked.Ann, new
        {
            operation = "convert", source = new { path = "data/genes.csv" },
            output = new { path = "data/published", format = "CSV" },
            callback = new { url = $"http://127.0.0.1:{EmbeddedCluster.FreePort()}/", secret = Secret },
        });
        await attacked.Cluster.WaitForEndAsync(id);
        await attacked.AnnsJobEndsRight();

        var open = Directory.EnumerateFileSystemEntries(attacked.Cluster.StateFolder, "*", SearchOption.AllDirectories)
            .Prepend(attacked.Cluster.StateFolder)
            .Where(path => File.Exists(path) || Directory.Exists(path)).Where(path => (ModeOf(path) & Others) != 0);

        Assert.Equal([], open);
        Assert.All(Directory.GetFiles(attacked.At("data/published")),
            file => Assert.Equal("0644", Convert.ToString((int)ModeOf(file), 8).PadLeft(4, '0')));
    }

    // Neither in the database nor in its log, where a copy of either would give it away.
    [Fact]
    public async Task Database_JobWithACallback_DoesNotHoldItsSecret()
    {
        var id = await AttackedCluster.SubmitAsync(attacked.Ann, new
        {
            operation = "distinct", source = new { path = "data/genes.csv" },
            callback = new { url = "http://127.0.0.1:9/", secret = Secret },
        });
        await attacked.Cluster.WaitForEndAsync(id);

        foreach (var file in Directory.GetFiles(attacked.Cluster.StateFolder, "*.db*"))
        {
            var text = Encoding.Latin1.GetString(await ReadAsync(file));
            Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task KeysCreate_WithoutAFile_PrintsTheKeyAlone()
    {
        using var command = Process.Start(new ProcessStartInfo("dotnet",
            [EmbeddedCluster.Program("Orleans.Cluster.Silo"), "keys", "create", "--name", "printed", "--role", "VIEWER",
                $"--Cluster:StateDirectory={attacked.Cluster.StateFolder}",
             "--Logging:LogLevel:Default=Information"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = command.StandardError.ReadToEndAsync();

        var printed = await command.StandardOutput.ReadToEndAsync();

        await command.WaitForExitAsync();
        Assert.True(command.ExitCode == 0, await errors);
        Assert.Matches(@"\Aoc_[0-9a-f]{8}_[0-9a-f]{64}\n\z", printed);
    }

    // Its certificate opens the port of clients, and no silo takes it for one.
    [Fact]
    public async Task CertificateOfAClient_OnThePortOfSilos_IsRefused()
    {
        var gateway = await PortsAsync();

        Assert.True(await SpeaksAsync(gateway.Silo, "silo.pem"));
        Assert.True(await SpeaksAsync(gateway.Client, "client.pem"));
        Assert.False(await SpeaksAsync(gateway.Silo, "client.pem"));
        Assert.False(await SpeaksAsync(gateway.Silo, null));
        Assert.False(await SpeaksAsync(gateway.Client, null));
    }

    [Fact]
    public async Task OtherUser_OnTheSameMachine_ReadsNothingAndJoinsNothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root"
            && await RunAsync("setpriv", "--version") is { Code: 0 }, "This needs root and setpriv.");
        File.SetUnixFileMode(
            attacked.Cluster.Folder, ModeOf(attacked.Cluster.Folder) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        await attacked.AnnsJobEndsRight();
        var state = attacked.Cluster.StateFolder;
        var executors = attacked.Cluster.ExecutorIds();
        var files = Directory.GetFiles(state, "*", SearchOption.AllDirectories);

        var list = await AsOtherAsync("ls", state);
        var read = await AsOtherAsync(
            "cat", $"{state}/cluster.db", $"{state}/silo.pem", $"{state}/session.key", $"{state}/orleans.db");
        var each = await AsOtherAsync(["cat", "--", .. files]);
        var memory = await AsOtherAsync(
            "sh", "-c",
            "cat /dev/shm/orleans-cluster-* "
            + string.Join(' ', executors.Append(attacked.Cluster.GatewayId).Select(
                id => $"/proc/{id}/environ /proc/{id}/fd/* /proc/{id}/maps /proc/{id}/cwd/admin.key")));
        var join = await AsOtherAsync(
            "dotnet", EmbeddedCluster.Program("Orleans.Cluster.Silo"), "--Cluster:Role=Worker",
            $"--Cluster:StateDirectory={state}");

        Assert.NotEmpty(executors);
        Assert.Contains(files, file => file.Contains("/artifacts/", StringComparison.Ordinal));
        Assert.All([list, read, each, memory, join], attempt => Assert.NotEqual(0, attempt.Code));
        Assert.All([list, read, each, memory], attempt => Assert.Equal("", attempt.Output));
        var (silo, client) = await PortsAsync();
        Assert.All(await Task.WhenAll(SpeaksAsync(silo, null), SpeaksAsync(client, null)), Assert.False);
        using var own = OfAStranger();
        Assert.All(await Task.WhenAll(SpeaksWithAsync(silo, own), SpeaksWithAsync(client, own)), Assert.False);
    }

    // What the cluster's own looks like, made by somebody else.
    private static X509Certificate2 OfAStranger()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=orleans-cluster silo", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    private static UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    // From the membership table, which this user may read.
    private async Task<(int Silo, int Client)> PortsAsync()
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(
            $"Data Source={attacked.Cluster.StateFolder}/orleans.db;Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT Port, ProxyPort FROM OrleansMembershipTable WHERE Status = 3 AND SiloName LIKE 'gateway%'";
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return (reader.GetInt32(0), reader.GetInt32(1));
    }

    // Whether a silo goes on after the handshake. With TLS 1.3 a refusal of the client's certificate shows at the first read.
    private async Task<bool> SpeaksAsync(int port, string? certificate)
    {
        using var own = certificate is null
            ? null
            : X509Certificate2.CreateFromPemFile(Path.Combine(attacked.Cluster.StateFolder, certificate));
        return await SpeaksWithAsync(port, own);
    }

    private static async Task<bool> SpeaksWithAsync(int port, X509Certificate2? own)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var tls = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
        var options = new SslClientAuthenticationOptions { TargetHost = "silo", ClientCertificates = own is null ? [] : [own] };
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await tls.AuthenticateAsClientAsync(options, patience.Token);
            return await tls.ReadAsync(new byte[1], patience.Token) > 0;
        }
        catch (OperationCanceledException)
        {
            // It waits for a message, as a silo does with one that it has let in.
            return true;
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private static Task<(int Code, string Output)> AsOtherAsync(params string[] command) =>
        RunAsync("setpriv", [$"--reuid={Other}", $"--regid={Other}", "--clear-groups", "--", .. command]);

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
                })!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            await errors;
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
