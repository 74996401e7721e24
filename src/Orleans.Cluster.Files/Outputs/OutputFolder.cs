using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// The files of one job in its output folder. Two processes may work here for the same job: one of them stood still and was given up. Each
/// writes under hidden names of its own, so that neither waits for the other nor renames what the other has half written.
/// </summary>
internal sealed class OutputFolder(string path, JobId job)
{
    private readonly string folder = Path.TrimEndingDirectorySeparator(path);
    private const int BufferBytes = 1 << 20;
    private readonly string suffix = $".{Guid.NewGuid():N}.tmp";

    /// <summary>Name of a job's manifest.</summary>
    public static string ManifestName(JobId job) => $"_manifest-{job}.json";

    private string Manifest => Path.Combine(folder, ManifestName(job));

    // What OVERWRITE removes once the manifest is there. Written before it, so that a kill between the two leaves a list of what is to go.
    private string Replaced => Path.Combine(folder, $"._replaced-{job}.json");

    /// <summary>What the job has published, or null.</summary>
    public JobResult? Find() => File.Exists(Manifest) ? Read(Manifest) : null;

    /// <summary>Paths of the manifests of other jobs, in order.</summary>
    public IReadOnlyList<string> Others() =>
        [.. Directory.EnumerateFiles(folder, "_manifest-*.json").Where(path => path != Manifest).Order(StringComparer.Ordinal)];

    /// <summary>Copies an artifact, unless its copy is there already. What is there was whole and durable before it got its name.</summary>
    /// <exception cref="ArtifactLostException">It is not what was committed.</exception>
    public void Copy(AttemptId producer, string artifact, ArtifactFile file, string name)
    {
        var target = Path.Combine(folder, name);
        if (!File.Exists(target))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            Place(target, overwrite: true, stream => Copy(producer, artifact, file, stream));
        }
    }

    /// <summary>Notes what <see cref="RemoveReplaced"/> removes.</summary>
    public void NoteReplaced(IReadOnlyList<string> manifests)
    {
        string[] files = [.. manifests.Select(path => Path.GetFileName(path)!), .. manifests.SelectMany(path => Read(path).Files).Select(file => file.Path)];
        Place(Replaced, overwrite: true, stream => JsonSerializer.Serialize(stream, files, WireJson.Options));
    }

    /// <summary>Makes the files count. All of them are durable by then, with their names.</summary>
    /// <returns>What is published: this, or what somebody else has published for the job meanwhile.</returns>
    public JobResult Publish(JobResult result)
    {
        foreach (var part in FoldersOf(result))
        {
            FolderSync.Sync(part);
        }

        try
        {
            Place(Manifest, overwrite: false, stream => JsonSerializer.Serialize(stream, result, WireJson.Options));
        }
        catch (IOException) when (Find() is { } published)
        {
            return published;
        }

        FolderSync.Sync(folder);
        return result;
    }

    /// <summary>Removes what the job's output takes the place of. The manifests go first: files that no manifest names do not count.</summary>
    public void RemoveReplaced()
    {
        if (!File.Exists(Replaced))
        {
            return;
        }

        var files = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Replaced), WireJson.Options) ?? [];
        foreach (var file in files.Select(file => Path.Combine(folder, file)).Where(File.Exists))
        {
            File.Delete(file);
        }

        FolderSync.Sync(folder);
        File.Delete(Replaced);
    }

    /// <summary>
    /// Removes what others left who were killed: hidden files, and files of this job that its manifest does not name, of an attempt whose
    /// artifact was lost later.
    /// </summary>
    public void RemoveLeftovers(JobResult published)
    {
        var named = published.Files.Select(file => Path.Combine(folder, file.Path)).ToHashSet(StringComparer.Ordinal);
        foreach (var file in FoldersOf(published).SelectMany(part => Directory.EnumerateFiles(part, $"*-{job}*")).ToList())
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".tmp", StringComparison.Ordinal) || (name.StartsWith("part-", StringComparison.Ordinal) && !named.Contains(file)))
            {
                File.Delete(file);
            }
        }
    }

    private IReadOnlyList<string> FoldersOf(JobResult result) =>
        [.. result.Files.Select(file => Path.GetDirectoryName(Path.Combine(folder, file.Path))!).Append(folder).Distinct()];

    private void Place(string target, bool overwrite, Action<Stream> write)
    {
        var hidden = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}{suffix}");
        try
        {
            using (var stream = new FileStream(hidden, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0))
            {
                write(stream);
                RandomAccess.FlushToDisk(stream.SafeFileHandle);
            }

            File.Move(hidden, target, overwrite);
        }
        catch
        {
            File.Delete(hidden);
            throw;
        }
    }

    // Read once for both: an artifact that the disk has changed since must not become a user's data.
    private static void Copy(AttemptId producer, string artifact, ArtifactFile file, Stream target)
    {
        try
        {
            using var source = new FileStream(artifact, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferBytes];
            while (source.Read(buffer) is > 0 and var count)
            {
                hash.AppendData(buffer, 0, count);
                target.Write(buffer, 0, count);
            }

            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256)
            {
                throw new ArtifactLostException(producer, $"{producer}: artifact {artifact} has another content than was committed.");
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArtifactLostException(producer, $"{producer}: artifact {artifact} is gone.");
        }
    }

    private static JobResult Read(string manifest) => JsonSerializer.Deserialize<JobResult>(File.ReadAllText(manifest), WireJson.Options)
        ?? throw new IOException($"{manifest} is empty.");
}
