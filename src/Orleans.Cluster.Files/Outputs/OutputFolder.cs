using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// The files of one job in its output folder. Two processes may work here for the same job: one of them stood still and was given up. Each
/// writes under hidden names of its own, so that neither waits for the other nor renames what the other has half written.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly HeldFolder folder;
    private readonly JobId job;
    private readonly string suffix = $".{Guid.NewGuid():N}.tmp";
    private readonly ReplacedOutputs replaced;
    private readonly PublishedModes modes;

    /// <param name="path">The folder, which is there.</param>
    /// <param name="job">Whose output it is.</param>
    /// <param name="modes">Who may read what is published.</param>
    /// <param name="rules">Where outputs may be.</param>
    /// <exception cref="ClusterException">The folder is not, or no longer, where outputs may be.</exception>
    public OutputFolder(string path, JobId job, PublishedModes modes, SourceRules rules)
    {
        (this.job, this.modes) = (job, modes);
        folder = HeldFolder.Open(Path.TrimEndingDirectorySeparator(path), rules);
        replaced = new ReplacedOutputs(folder, job);
    }

    private string Manifest => Path.Combine(folder.Path, OutputNames.Manifest(job));

    /// <summary>Whether a manifest of this job is there, whatever it says.</summary>
    public bool HasManifest => File.Exists(Manifest);

    /// <summary>Whether the job has published exactly this.</summary>
    public bool Holds(JobResult result) =>
        ManifestFile.TryRead(Manifest) is { } published && published.Rows == result.Rows && published.Files.SequenceEqual(result.Files);

    /// <summary>Paths of the manifests of other jobs, in order.</summary>
    public IReadOnlyList<string> Others() =>
        [.. Directory.EnumerateFiles(folder.Path, OutputNames.AnyManifest).Where(path => path != Manifest).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Copies an artifact, unless its copy is there already. What is there was whole and durable before it got its name; a file of that name and
    /// another length is somebody else's doing.
    /// </summary>
    /// <exception cref="ArtifactLostException">It is not what was committed.</exception>
    /// <exception cref="ClusterException">A folder of the name is a link to elsewhere.</exception>
    public void Copy(AttemptId producer, string artifact, ArtifactFile file, string name, CancellationToken cancellationToken)
    {
        using var parent = folder.Make(Path.GetDirectoryName(name)!, modes.Folder);
        var target = Path.Combine(parent.Path, Path.GetFileName(name));
        if (new FileInfo(target) is { Exists: true, LinkTarget: null } there && there.Length == file.Bytes)
        {
            return;
        }

        Place(target, stream => Copy(producer, artifact, file, stream, cancellationToken));
    }

    /// <summary>Notes what the job's output takes the place of.</summary>
    /// <returns>What stays although OVERWRITE was asked for, each with the reason.</returns>
    public IReadOnlyList<string> NoteReplaced(IReadOnlyList<string> manifests) => replaced.NoteDown(manifests, Place);

    /// <summary>Takes back a manifest that does not say what was committed. Nobody was told of it: the job has not succeeded.</summary>
    public void Withdraw() => File.Delete(Manifest);

    /// <summary>Makes the files count. All of them are durable by then, with their names.</summary>
    /// <exception cref="IOException">Something else was published for the job meanwhile.</exception>
    /// <exception cref="ClusterException">A later job has overwritten this one's output.</exception>
    public void Publish(JobResult result)
    {
        foreach (var name in FoldersOf(result))
        {
            using var part = folder.TryOpen(name) ?? throw new IOException($"{Path.Combine(folder.Shown, name)} is not a folder any more.");
            FolderSync.Sync(part.Path);
        }

        var hidden = Write(Manifest, stream => JsonSerializer.Serialize(stream, result, WireJson.Options));
        try
        {
            ThrowIfOverwritten();
            if (!NoReplaceMove.TryMove(hidden, Manifest) && !Holds(result))
            {
                throw new IOException($"{Path.Combine(folder.Shown, OutputNames.Manifest(job))} names other files than those that were committed.");
            }
        }
        finally
        {
            File.Delete(hidden);
        }

        // Whoever overwrites first leaves word, then removes the manifest: one that came after it finds the word.
        if (replaced.IsOverwritten)
        {
            File.Delete(Manifest);
            ThrowIfOverwritten();
        }

        FolderSync.Sync(folder.Path);
    }

    /// <summary>Removes what the job's output takes the place of.</summary>
    public void RemoveReplaced() => replaced.Remove();

    /// <summary>
    /// Removes what others left who were killed: hidden files, and files of this job that its manifest does not name, of an attempt whose
    /// artifact was lost later.
    /// </summary>
    public void RemoveLeftovers(JobResult published)
    {
        var named = published.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var part in FoldersOf(published))
        {
            RemoveLeftovers(part, named);
        }
    }

    public void Dispose() => folder.Dispose();

    private void RemoveLeftovers(string part, HashSet<string> named)
    {
        using var held = folder.TryOpen(part);
        foreach (var file in held is null ? [] : Directory.EnumerateFiles(held.Path, $"*-{job}*").ToList())
        {
            var name = Path.GetFileName(file);
            if (name.EndsWith(".tmp", StringComparison.Ordinal) || (OutputNames.JobOfPart(name) == job && !named.Contains(Path.Combine(part, name))))
            {
                File.Delete(file);
            }
        }
    }

    private void ThrowIfOverwritten()
    {
        if (replaced.IsOverwritten)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists, $"A later job has overwritten the output of job {job} in {folder.Shown}.", "Submit the job again.");
        }
    }

    // Relative; the output's own is "".
    private static IReadOnlyList<string> FoldersOf(JobResult result) =>
        [.. result.Files.Select(file => Path.GetDirectoryName(file.Path)!).Append("").Distinct()];

    private void Place(string target, Action<Stream> write) => File.Move(Write(target, write), target, overwrite: true);

    // Whole and durable, under a hidden name beside its own.
    private string Write(string target, Action<Stream> write)
    {
        var hidden = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}{suffix}");
        try
        {
            using var stream = new FileStream(hidden, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            modes.Apply(stream);
            write(stream);
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
            return hidden;
        }
        catch
        {
            File.Delete(hidden);
            throw;
        }
    }

    // Read once for both: an artifact that the disk has changed since must not become a user's data.
    private static void Copy(AttemptId producer, string artifact, ArtifactFile file, Stream target, CancellationToken cancellationToken)
    {
        try
        {
            using var source = new FileStream(artifact, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferBytes];
            while (source.Read(buffer) is > 0 and var count)
            {
                cancellationToken.ThrowIfCancellationRequested();
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
}
