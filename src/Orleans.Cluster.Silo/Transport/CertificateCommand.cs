using System.Globalization;
using System.Security.Cryptography;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// <c>certificate create</c>: one file for all silos of a cluster, which is their certificate, its key and its authority;
/// <c>certificate client</c>: one for a client inside the trust boundary.
/// </summary>
internal static class CertificateCommand
{
    private const int DefaultDays = 3650;
    private const string Usage =
        "Usage: 'certificate create --out FILE [--days 3650]', 'certificate client --from FILE --out FILE'.";

    /// <summary>The command that the arguments name, or null.</summary>
    public static Func<Task<int>>? Find(string[] args) => args switch
    {
        ["certificate", "create", .. var rest] => () => Create(new ConfigurationBuilder().AddCommandLine(rest).Build()),
        ["certificate", "client", .. var rest] => () => CreateClient(new ConfigurationBuilder().AddCommandLine(rest).Build()),
        ["certificate", ..] => () => throw new StartRefusedException(Usage),
        _ => null,
    };

    // A file that can be used stays as it is: a container may run this at each start.
    private static async Task<int> Create(IConfiguration arguments)
    {
        var file = arguments["out"] ?? throw new StartRefusedException(Usage);
        var days = arguments["days"] is not { } text ? DefaultDays
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given is > 0 and <= 36_500
            ? given
            : throw new StartRefusedException($"'{text}' is not a number of days between 1 and 36500. {Usage}");
        if (File.Exists(file))
        {
            SiloTlsExtensions.Load(new SiloTlsOptions { Certificate = file });
            Console.Error.WriteLine($"{file} holds a certificate already.");
            return 0;
        }

        await SecretFile.Write(file, CertificateMaker.MakeSilo(TimeSpan.FromDays(days), DateTimeOffset.UtcNow));
        Console.Error.WriteLine($"{file} holds a certificate and its key, for {days} days. Whoever has it can join the cluster.");
        return 0;
    }

    private static async Task<int> CreateClient(IConfiguration arguments)
    {
        var (from, file) = (arguments["from"] ?? throw new StartRefusedException(Usage), arguments["out"]
            ?? throw new StartRefusedException(Usage));
        try
        {
            await SecretFile.Write(file, CertificateMaker.MakeClient(from));
        }
        catch (Exception e) when (e is CryptographicException or IOException)
        {
            throw new StartRefusedException($"No certificate can be made from {from}: {e.Message}", e);
        }

        Console.Error.WriteLine(
            $"{file} holds a certificate of a client and its key. Whoever has it can call the cluster, but not join it.");
        return 0;
    }
}
