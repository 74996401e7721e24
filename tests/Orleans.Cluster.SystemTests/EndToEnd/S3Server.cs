using System.Diagnostics;
using System.Net;

namespace Orleans.Cluster.SystemTests.EndToEnd;

/// <summary>
/// A server on loopback that speaks S3 and checks signatures: npm's s3rver, installed once per machine. Tests that need it are
/// skipped where npm is missing, except in CI.
/// </summary>
public sealed class S3Server : IAsyncDisposable
{
    public const string Bucket = "atlas";
    public const string AccessKeyId = "S3RVER";
    public const string SecretAccessKey = "S3RVER";

    private const string Version = "3.7.1";

    private readonly string folder = Directory.CreateTempSubdirectory("orleans-cluster-s3-").FullName;
    private readonly S3Place place;
    private Process? server;
    private S3Front? front;

    /// <param name="hasFront">Whether what s3rver lacks is put in front of it.</param>
    public S3Server(bool hasFront = false)
        : this(S3Place.OnLoopback(hasFront))
    {
    }

    internal S3Server(S3Place place) => this.place = place;

    /// <summary>Its address.</summary>
    public Uri Address => place.Outer ?? place.Inner;

    /// <summary>Keys of uploads in parts that were neither completed nor aborted.</summary>
    public IReadOnlyList<string> Uploads => [.. S3Front.Uploads(folder, Bucket).Select(upload => upload.Key)];

    /// <summary>What stands in front of it while it runs.</summary>
    internal S3Front Front => front ?? throw new InvalidOperationException("Nothing is in front of this server now.");

    /// <summary>Settings of a cluster that uses it, without the secret.</summary>
    public IReadOnlyList<string> Settings =>
        [$"--S3:Endpoint={Address}", "--S3:PathStyle=true", "--S3:Region=us-east-1", $"--S3:Roots:0=s3://{Bucket}/open"];

    /// <summary>Whether npm is there, or has to be.</summary>
    public static bool IsExpected => Environment.GetEnvironmentVariable("CI") is { Length: > 0 }
        || (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(part => File.Exists(Path.Combine(part, "npm")));

    /// <summary>What a client of this process reaches it through, wherever it runs.</summary>
    internal SocketsHttpHandler CreateHandler() => place.CreateHandler();

    /// <summary>Starts it, or starts it again over the same objects.</summary>
    public async Task StartAsync()
    {
        var home = await InstallAsync();
        string[] command =
        [
            .. place.Within, "node", Path.Combine(home, "node_modules", "s3rver", "bin", "s3rver.js"), "-d", folder, "-a",
            place.Inner.Host, "-p", $"{place.Inner.Port}", "--no-vhost-buckets", "--configure-bucket", Bucket,
        ];
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        server = Process.Start(start) ?? throw new InvalidOperationException("node did not start.");
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        using var http = new HttpClient(place.CreateHandler());
        await EmbeddedCluster.Until(
            () => Answers(http), TimeSpan.FromSeconds(60), () => $"s3rver at {place.Inner} does not answer.");
        front = place.Outer is null ? null : await S3Front.StartAsync(folder, place);
    }

    /// <summary>Kills it; its objects stay.</summary>
    public async Task KillAsync()
    {
        if (front is not null)
        {
            await front.DisposeAsync();
            front = null;
        }

        if (server is { HasExited: false })
        {
            server.Kill();
            await server.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        server?.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<bool> Answers(HttpClient http)
    {
        Assert.False(server!.HasExited, "s3rver ended at its start.");
        try
        {
            using var response = await http.GetAsync(place.Inner);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Forbidden;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // Into a folder of its own, which then gets the name: two tests may install at once.
    private static async Task<string> InstallAsync()
    {
        var home = Path.Combine(Path.GetTempPath(), $"orleans-cluster-s3rver-{Version}");
        if (Directory.Exists(home))
        {
            return home;
        }

        var part = Directory.CreateTempSubdirectory("orleans-cluster-s3rver-").FullName;
        var start = new ProcessStartInfo("npm")
        {
            WorkingDirectory = part, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in (string[])["install", "--no-audit", "--no-fund", "--prefix", part, $"s3rver@{Version}"])
        {
            start.ArgumentList.Add(argument);
        }

        using var npm = Process.Start(start) ?? throw new InvalidOperationException("npm did not start.");
        var output = await Task.WhenAll(npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
        await npm.WaitForExitAsync();
        Assert.True(npm.ExitCode == 0, $"npm could not install s3rver: {string.Concat(output)}");
        try
        {
            Directory.Move(part, home);
        }
        catch (IOException) when (Directory.Exists(home))
        {
            Directory.Delete(part, recursive: true);
        }

        return home;
    }
}
