using Orleans.Cluster.InsideContracts.Transport;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.Silo.Transport;

/// <summary>
/// The certificate of silos that share a state directory and were given none: made by the first of them, and readable by their
/// user alone. With it comes one for clients of the same user.
/// </summary>
internal static class OwnCertificate
{
    private const string FileName = "silo.pem";
    private static readonly TimeSpan Life = TimeSpan.FromDays(3650);

    /// <summary>
    /// The file of the certificate, made when it is not there. Several silos may start at once; all get the same.
    /// </summary>
    public static string Require(string stateDirectory)
    {
        var silo = Path.Combine(stateDirectory, FileName);
        WriteOnce(silo, () => CertificateMaker.MakeSilo(Life, DateTimeOffset.UtcNow));
        WriteOnce(Path.Combine(stateDirectory, ClusterCertificate.ClientFile), () => CertificateMaker.MakeClient(silo));
        return silo;
    }

    private static void WriteOnce(string path, Func<string> text)
    {
        if (File.Exists(path))
        {
            return;
        }

        var mine = $"{path}.{Environment.ProcessId}";
        SecretFile.Write(mine, text()).GetAwaiter().GetResult();
        try
        {
            File.Move(mine, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another silo was faster, and its certificate is everybody's.
            File.Delete(mine);
        }
    }
}
