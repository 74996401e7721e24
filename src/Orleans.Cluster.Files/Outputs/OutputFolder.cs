using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Artifacts;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// The files of one job in its output folder. Two processes may work here for the same job: one of them stood still and was given
/// up. Each writes under hidden names of its own, so that neither waits for the other nor renames what the other has half
/// written. What is whole has a hidden name that both know, and gets its visible one right before the manifest.
/// </summary>
internal sealed class OutputFolder : IDisposable
{
    private const int BufferBytes = 1 << 20;
    private readonly HeldFolder folder;
    private readonly string root;
    private readonly JobId job;
    private readonly EndedOutput ended;
    private readonly string suffix = $".{Guid.NewGuid():N}.tmp";
    private readonly ReplacedOutputs replaced;
    private readonly PublishedModes modes;

    // Whoever writes to an artifact writes to what has its name here.
    private readonly ConcurrentDictionary<string, string> linked = new(StringComparer.Ordinal);

    /// <param name="path">The folder, which is there.</param>
    /// <param name="root">A folder above it that was there before any job wrote here.</param>
    /// <param name="job">Whose output it is.</param>
    /// <param name="epoch">Epoch of the job that publishes.</param>
    /// <param name="modes">Who may read what is published.</param>
    /// <param name="rules">Where outputs may be.</param>
    /// <exception cref="ClusterException">The folder is not, or no longer, where outputs may be.</exception>
    public OutputFolder(string path, string root, JobId job, int epoch, PublishedModes modes, SourceRules rules)
    {
        (this.root, this.job, this.modes) = (Path.TrimEndingDirectorySeparator(root), job, modes);
        folder = HeldFolder.Open(Path.TrimEndingDirectorySeparator(path), rules);
        replaced = new ReplacedOutputs(folder, job);
        ended = new EndedOutput(folder.Path, job, epoch);
    }

    private string Manifest => Path.Combine(folder.Path, OutputNames.Manifest(job));

    /// <summary>Whether the job has published exactly this.</summary>
    public bool Holds(JobResult result) =>
        ManifestFile.TryRead(Manifest) is { } published && published.Rows == result.Rows
        && published.Files.SequenceEqual(result.Files);

    /// <summary>Paths of the manifests of other jobs, in order.</summary>
    public IReadOnlyList<string> Others() =>
        [.. Directory.EnumerateFiles(folder.Path, OutputNames.AnyManifest)
            .Where(path => path != Manifest).Order(StringComparer.Ordinal)];

    /// <summary>
    /// Copies an artifact to its hidden name, unless its copy is there already, with what was committed in it: a database that
    /// was put back may have given the same attempt another content. On the same file system the name is enough, if the file is
    /// the one that was committed and nobody has written to it since.
    /// </summary>
    /// <param name="committed">The artifact.</param>
    /// <param name="open">Opens it; null when it is gone.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArtifactLostException">It is not what was committed.</exception>
    /// <exception cref="ClusterException">A folder of the name is a link to elsewhere.</exception>
    public void Copy(CommittedFile committed, Func<Stream?> open, CancellationToken cancellationToken)
    {
        using var parent = folder.Make(Path.GetDirectoryName(committed.Name)!, modes.Folder);
        var (target, hidden) = (Path.Combine(parent.Path, Path.GetFileName(committed.Name)),
            Path.Combine(parent.Path, OutputNames.Hidden(Path.GetFileName(committed.Name))));
        if (IsWhole(target, committed.File) || IsWhole(hidden, committed.File))
        {
            return;
        }

        if (ArtifactLinks.TryMake(committed, hidden, suffix, modes))
        {
            linked[committed.Name] = committed.File.Identity!;
        }
        else
        {
            Place(hidden, stream => Copy(committed, open, stream, cancellationToken));
        }
    }

    /// <summary>Takes their own names from artifacts that were published by another name.</summary>
    public void Unlink(IReadOnlyList<CommittedFile> published) => ArtifactLinks.Remove(folder, published);

    /// <summary>Notes what the job's output takes the place of.</summary>
    /// <returns>What stays although OVERWRITE was asked for, each with the reason.</returns>
    public IReadOnlyList<string> NoteReplaced(IReadOnlyList<string> manifests) => replaced.NoteDown(manifests, Place);

    /// <summary>
    /// Which manifest of this job is there, whatever it says; null for none. It is looked at before the job's row is asked.
    /// </summary>
    public string? SeeManifest()
    {
        using var file = Descriptors.TryOpenFile(Manifest);
        return file is not null ? Convert.ToHexStringLower(SHA256.HashData(file)) : File.Exists(Manifest) ? "" : null;
    }

    /// <summary>
    /// Takes back a manifest that does not say what was committed, if it is the one that was seen before the job's row was
    /// asked: nobody was told of it, since the job had not succeeded by then. One that came since is of a publisher who asked
    /// later.
    /// </summary>
    public void Withdraw(string? seen)
    {
        if (seen is not null && seen == SeeManifest())
        {
            File.Delete(Manifest);
        }
    }

    /// <summary>Makes the files count. All of them are whole and durable by then, under their hidden names.</summary>
    /// <exception cref="IOException">Something else was published for the job meanwhile, or a file is gone.</exception>
    /// <exception cref="ClusterException">
    /// A later job has overwritten this one's output, or the job has ended otherwise.
    /// </exception>
    public void Publish(JobResult result)
    {
        var folders = FoldersOf(result);
        SyncAll(folders);
        FolderSync.SyncAbove(folder.Shown, root);
        var hidden = Write(Manifest, stream => JsonSerializer.Serialize(stream, result, WireJson.Options));
        try
        {
            ThrowIfUnwanted();
            ThrowIfAnother(result);
            foreach (var file in result.Files)
            {
                Show(file);
            }

            SyncAll(folders);
            if (NoReplaceMove.TryMove(hidden, Manifest))
            {
                TakeBackIfUnwanted();
            }
            else
            {
                ThrowIfAnother(result);
            }
        }
        finally
        {
            File.Delete(hidden);
        }

        FolderSync.Sync(folder.Path);
    }

    /// <summary>
    /// The job has ended without a result: none of its files stays, and a publisher that stood still shows none any more.
    /// </summary>
    public void Clear()
    {
        ended.Say();
        File.Delete(Manifest);
        RemoveFiles("", _ => true);
        FolderSync.Sync(folder.Path);
    }

    /// <summary>Removes what the job's output takes the place of.</summary>
    public void RemoveReplaced() => replaced.Remove();

    /// <summary>
    /// Removes what others left who were killed: hidden files, and files of this job that its manifest does not name, of an
    /// attempt whose artifact was lost later.
    /// </summary>
    public void RemoveLeftovers(JobResult published)
    {
        var named = published.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        RemoveFiles("", name => !named.Contains(name));
        ended.Forget();
    }

    public void Dispose() => folder.Dispose();

    // Files of this job, whatever their names: hidden, half written, visible. In key=value folders too, but never behind a link.
    private void RemoveFiles(string part, Func<string, bool> which)
    {
        using var held = folder.TryOpen(part);
        if (held is null)
        {
            return;
        }

        var here = new DirectoryInfo(held.Path);
        foreach (var file in here.EnumerateFiles($"*{job}*")
            .Where(file => IsOwn(file.Name) && which(Path.Combine(part, file.Name))).ToList())
        {
            file.Delete();
        }

        foreach (var inner in here.EnumerateDirectories("*=*")
            .Where(inner => !inner.Attributes.HasFlag(FileAttributes.ReparsePoint)).ToList())
        {
            RemoveFiles(Path.Combine(part, inner.Name), which);
            RemoveIfEmpty(inner);
        }
    }

    private bool IsOwn(string name) => OutputNames.IsHidden(name)
        ? OutputNames.JobOfPart(name[1..]) == job
        || (name.EndsWith(".tmp", StringComparison.Ordinal) && name.Contains($"-{job}", StringComparison.Ordinal))
        : OutputNames.JobOfPart(name) == job;

    // Another job's file may come into it just now: then it stays.
    private static void RemoveIfEmpty(DirectoryInfo inner)
    {
        try
        {
            if (!inner.EnumerateFileSystemInfos().Any())
            {
                inner.Delete();
            }
        }
        catch (IOException)
        {
            // No longer empty, or removed by another.
        }
    }

    // One that another publisher of the job has shown already is there; one that is neither here nor there was removed.
    private void Show(ResultFile file)
    {
        using var part = Open(Path.GetDirectoryName(file.Path)!);
        var name = Path.GetFileName(file.Path);
        var (hidden, visible) = (Path.Combine(part.Path, OutputNames.Hidden(name)), Path.Combine(part.Path, name));
        if (new FileInfo(hidden) is { Exists: true } copied && (copied.Length != file.Bytes || copied.LinkTarget is not null
            || (linked.TryGetValue(file.Path, out var identity) && ArtifactLinks.Identity(hidden) != identity)))
        {
            throw new IOException($"The copy of {file.Path} in {folder.Shown} was changed before it was published.");
        }

        try
        {
            File.Move(hidden, visible, overwrite: true);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            if (new FileInfo(visible) is not { Exists: true } there || there.Length != file.Bytes)
            {
                throw new IOException(
                    $"The copy of {file.Path} in {folder.Shown} was removed before it was published.", exception);
            }
        }
    }

    private void SyncAll(IEnumerable<string> parts)
    {
        foreach (var name in parts)
        {
            using var part = Open(name);
            FolderSync.Sync(part.Path);
        }
    }

    private HeldFolder Open(string part) =>
        folder.TryOpen(part) ?? throw new IOException($"{Path.Combine(folder.Shown, part)} is not a folder any more.");

    // A pipe that nobody writes, or a link to elsewhere, is not opened.
    private static bool IsWhole(string path, ArtifactFile file)
    {
        using var stream = Descriptors.TryOpenFile(path);
        return stream is not null && stream.Length == file.Bytes
            && Convert.ToHexStringLower(SHA256.HashData(stream)) == file.Sha256;
    }

    private void ThrowIfAnother(JobResult result)
    {
        if (File.Exists(Manifest) && !Holds(result))
        {
            throw new IOException(
                $"{Path.Combine(folder.Shown, OutputNames.Manifest(job))} names other files than those that were committed.");
        }
    }

    private void ThrowIfUnwanted()
    {
        if (ended.IsSaid)
        {
            throw new ClusterException(
                Contracts.ProblemCode.JobAlreadyTerminal,
                $"Job {job} had ended before its output in {folder.Shown} was visible.");
        }

        if (replaced.IsOverwritten)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists, $"A later job has overwritten the output of job {job} in {folder.Shown}.",
                "Submit the job again.");
        }
    }

    // Whoever overwrites, or ends the job, first leaves word and then removes the manifest: one that came after it finds the
    // word. The files are left to whoever left word; a retry of the job may be showing them just now.
    private void TakeBackIfUnwanted()
    {
        try
        {
            ThrowIfUnwanted();
        }
        catch (ClusterException)
        {
            File.Delete(Manifest);
            throw;
        }
    }

    // Relative: those of the files and all above them, the inner ones first; the output's own is "".
    private static IReadOnlyList<string> FoldersOf(JobResult result) =>
        [.. result.Files.SelectMany(file => Above(file.Path))
            .Append("").Distinct(StringComparer.Ordinal).OrderByDescending(part => part.Length)];

    private static IEnumerable<string> Above(string name)
    {
        for (var part = Path.GetDirectoryName(name); part is { Length: > 0 }; part = Path.GetDirectoryName(part))
        {
            yield return part;
        }
    }

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
    private static void Copy(CommittedFile committed, Func<Stream?> open, Stream target, CancellationToken cancellationToken)
    {
        using var source = open() ?? throw new ArtifactLostException(
            committed.Producer, $"{committed.Producer}: artifact {committed.Path} is gone.");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        while (source.Read(buffer) is > 0 and var count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, count);
            target.Write(buffer, 0, count);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != committed.File.Sha256)
        {
            throw new ArtifactLostException(
                committed.Producer,
                $"{committed.Producer}: artifact {committed.Path} has another content than was committed.");
        }
    }
}
