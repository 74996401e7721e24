using System.Security.Cryptography;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Engine.Storage;

/// <summary>
/// Whether an artifact is still what was committed. The engine does not check Parquet pages, so the hash is the only guard.
/// </summary>
internal static class ArtifactCheck
{
    /// <exception cref="EngineException">
    /// It is gone or different: <see cref="FailureKind.ArtifactLost"/>, naming its producer.
    /// </exception>
    public static void Require(ArtifactRef artifact)
    {
        try
        {
            using var stream = new FileStream(artifact.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 20);
            if (stream.Length != artifact.Bytes)
            {
                throw Lost(artifact, $"has {stream.Length} bytes instead of {artifact.Bytes}");
            }

            if (Convert.ToHexStringLower(SHA256.HashData(stream)) != artifact.Sha256)
            {
                throw Different(artifact);
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Gone(artifact);
        }
    }

    /// <summary>The file is not there.</summary>
    public static EngineException Gone(ArtifactRef artifact) => Lost(artifact, "is gone");

    /// <summary>The file has another content than its producer gave it.</summary>
    public static EngineException Different(ArtifactRef artifact) => Lost(artifact, "has another content than was committed");

    /// <summary>A failure by which the producer runs again.</summary>
    public static EngineException Lost(ArtifactRef artifact, string what) =>
        new(new AttemptFailure(
            FailureKind.ArtifactLost, $"{artifact.Producer}: artifact {artifact.Path} {what}.") { Lost = artifact.Producer });
}
