using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>A gateway that cannot start ends with exit code 1 and one sentence, and starts no worker before.</summary>
public sealed class StartFaultTests
{
    [Fact]
    public async Task Start_PortIsTaken_EndsBeforeItTouchesItsState()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        await using var cluster = new EmbeddedCluster();

        var (code, said) = await cluster.CommandAsync($"--Urls=http://127.0.0.1:{port}");

        Assert.Equal(
            (1, $"Port {port} of 127.0.0.1 is taken by another process. Stop that, or set Urls to another address."),
            (code, said.Trim()));
        Assert.False(File.Exists(Path.Combine(cluster.StateFolder, "cluster.db")));
    }

    [Fact]
    public async Task Start_DatabaseIsNone_EndsWithASentence()
    {
        await using var cluster = new EmbeddedCluster();
        Directory.CreateDirectory(cluster.StateFolder);
        await File.WriteAllTextAsync(Path.Combine(cluster.StateFolder, "cluster.db"), new string('x', 8192));

        var (code, said) = await cluster.CommandAsync("--Urls=http://127.0.0.1:0");

        Assert.Equal(1, code);
        Assert.Equal(
            $"The database in {cluster.StateFolder} cannot be used: cluster.db is damaged, or is not a database. "
            + "Bring it back with 'restore', or move it away to begin anew.",
            said.Trim());
        Assert.False(Directory.Exists(Path.Combine(cluster.StateFolder, "logs")));
    }

    [Fact]
    public async Task Start_DatabaseIsDamagedBehindItsFirstBytes_EndsWithASentence()
    {
        await using var cluster = new EmbeddedCluster();
        Directory.CreateDirectory(cluster.StateFolder);
        var path = Path.Combine(cluster.StateFolder, "cluster.db");
        using (var made = new SqliteConnection($"Data Source={path};Pooling=false"))
        {
            await made.OpenAsync();
            using var command = made.CreateCommand();
            command.CommandText = "CREATE TABLE a (b TEXT); INSERT INTO a VALUES ('c')";
            await command.ExecuteNonQueryAsync();
        }

        var bytes = await File.ReadAllBytesAsync(path);
        bytes.AsSpan(4096).Fill((byte)'x');
        await File.WriteAllBytesAsync(path, bytes);

        var (code, said) = await cluster.CommandAsync("--Urls=http://127.0.0.1:0");

        Assert.Equal(1, code);
        Assert.StartsWith(
            $"The database in {cluster.StateFolder} cannot be used: cluster.db is damaged, or is not a database.", said.Trim(),
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(cluster.StateFolder, "logs")));
    }

    [Fact]
    public async Task Start_DatabaseOfALaterVersion_EndsAndChangesNothing()
    {
        await using var cluster = new EmbeddedCluster();
        Directory.CreateDirectory(cluster.StateFolder);
        Assert.Equal(0, (await cluster.CommandAsync("migrate")).ExitCode);
        var path = $"Data Source={Path.Combine(cluster.StateFolder, "cluster.db")};Pooling=false";
        using (var later = new SqliteConnection(path))
        {
            await later.OpenAsync();
            using var command = later.CreateCommand();
            command.CommandText = """INSERT INTO "__EFMigrationsHistory" VALUES ('99990101000000_OfTomorrow', '99.0')""";
            await command.ExecuteNonQueryAsync();
        }

        var (code, said) = await cluster.CommandAsync("--Urls=http://127.0.0.1:0");

        Assert.Equal(1, code);
        Assert.Equal(
            "The database has the schema of a later version (99990101000000_OfTomorrow). Start that version: this one would "
            + "not understand what it has stored.",
            said.Trim());
        Assert.False(Directory.Exists(Path.Combine(cluster.StateFolder, "logs")));
    }

    [Theory]
    [InlineData("--Cluster:Workes=2", "Unknown setting Cluster:Workes. Did you mean Cluster:Workers?")]
    [InlineData("--verbose", "Unknown option '--verbose'. See --help.")]
    public async Task Start_WordThatNothingReads_IsAFaultOfUsage(string word, string expected)
    {
        await using var cluster = new EmbeddedCluster();

        var (code, said) = await cluster.CommandAsync("--Urls=http://127.0.0.1:0", word);

        Assert.Equal((2, expected), (code, said.Trim()));
        Assert.False(Directory.Exists(cluster.StateFolder));
    }

    [Fact]
    public async Task Start_HttpsWithoutItsCertificate_EndsBeforeItTouchesItsState()
    {
        await using var cluster = new EmbeddedCluster();

        var (code, said) = await cluster.CommandAsync(
            "--Urls=https://127.0.0.1:0", "--Kestrel:Certificates:Default:Path=/not/there.pem");

        Assert.Equal((1, "There is no file /not/there.pem (Kestrel:Certificates:Default:Path)."), (code, said.Trim()));
        Assert.False(Directory.Exists(cluster.StateFolder));
    }

    [Theory]
    [InlineData("--Cluster:Workers=99", "Cluster:Workers")]
    [InlineData("--Queue:LeaseDuration=soon", "Queue:LeaseDuration")]
    public async Task Start_SettingOutOfItsBounds_IsNamed(string setting, string name)
    {
        await using var cluster = new EmbeddedCluster();

        var (code, said) = await cluster.CommandAsync("--Urls=http://127.0.0.1:0", setting);

        Assert.Equal(1, code);
        Assert.Contains($"Setting {name}", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", said, StringComparison.Ordinal);
    }
}
