using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// What OVERWRITE takes the place of, from the note that says what is to go to its removal. The note is written before the new
/// manifest, so that a kill between the two loses nothing. Removed are manifests and data files of other jobs, by their names;
/// what is nobody's stays.
/// </summary>
internal sealed class ReplacedOutputs(HeldFolder folder, JobId job)
{
    private const string NotePrefix = "._replaced-";

    private const string TombPrefix = "._overwritten-";

    // A publisher that stood still for longer than this has lost its job's row long before.
    private static readonly TimeSpan TombLife = TimeSpan.FromDays(1);

    private string Note => Path.Combine(folder.Path, $"{NotePrefix}{job}.json");

    /// <summary>Whether another job has overwritten this one's output: its manifest must not come back.</summary>
    public bool IsOverwritten => File.Exists(Tomb(job));

    /// <summary>Notes what <see cref="Remove"/> removes.</summary>
    /// <param name="manifests">Paths of the manifests of other jobs.</param>
    /// <param name="write">Writes a file under a path, whole and durable.</param>
    /// <returns>What stays, each with the reason.</returns>
    public IReadOnlyList<string> NoteDown(IReadOnlyList<string> manifests, Action<string, Action<Stream>> write)
    {
        var (going, staying) = (new List<string>(), new List<string>());
        foreach (var path in manifests)
        {
            Sort(Path.GetFileName(path), ManifestFile.TryRead(path), going, staying);
        }

        write(Note, stream => JsonSerializer.Serialize(stream, going, WireJson.Options));
        return staying;
    }

    /// <summary>Sorts what a manifest names into what goes with it and what stays, the latter with the reason.</summary>
    /// <param name="name">Name of the manifest.</param>
    /// <param name="manifest">What it says; null when it is none.</param>
    /// <param name="going">Names that go.</param>
    /// <param name="staying">Sentences of what stays.</param>
    public static void Sort(string name, JobResult? manifest, List<string> going, List<string> staying)
    {
        if (OutputNames.JobOfManifest(name) is not { } owner || manifest is not { } result)
        {
            staying.Add($"{name}, which is not the manifest of a job");
            return;
        }

        going.Add(name);
        going.AddRange(result.Files.Where(file => OutputNames.JobOfPart(file.Path) == owner).Select(file => file.Path));
        staying.AddRange(result.Files.Where(file => OutputNames.JobOfPart(file.Path) != owner)
            .Select(file => $"'{file.Path}', which {name} names but its job cannot have written"));
    }

    /// <summary>
    /// Removes what was noted. The manifests go first: files that no manifest names do not count. Safe to do again.
    /// </summary>
    public void Remove()
    {
        if (ReadNote() is not { } noted)
        {
            return;
        }

        foreach (var name in noted)
        {
            if (OutputNames.JobOfManifest(name) is { } owner && owner != job)
            {
                MakeTomb(Tomb(owner));
                File.Delete(Path.Combine(folder.Path, name));
            }
        }

        foreach (var name in noted)
        {
            if (OutputNames.JobOfPart(name) is { } owner && owner != job)
            {
                Remove(name);
            }
        }

        FolderSync.Sync(folder.Path);
        File.Delete(Note);
        RemoveOldTombs();
    }

    private string[]? ReadNote()
    {
        using var file = Descriptors.TryOpenFile(Note);
        return file is null ? null : JsonSerializer.Deserialize<string[]>(file, WireJson.Options) ?? [];
    }

    // Whatever has its name counts; a link of that name is not followed.
    private static void MakeTomb(string path)
    {
        File.Delete(path);
        using var tomb = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
    }

    // In the folder that is really there: one of that name may be a link to elsewhere.
    private void Remove(string name)
    {
        using var part = folder.TryOpen(Path.GetDirectoryName(name)!);
        if (part is not null)
        {
            File.Delete(Path.Combine(part.Path, Path.GetFileName(name)));
        }
    }

    private string Tomb(JobId dead) => Path.Combine(folder.Path, $"{TombPrefix}{dead}");

    private void RemoveOldTombs()
    {
        foreach (var tomb in Directory.EnumerateFiles(folder.Path, $"{TombPrefix}*")
            .Concat(Directory.EnumerateFiles(folder.Path, EndedOutput.Any))
            .Where(tomb => DateTime.UtcNow - File.GetLastWriteTimeUtc(tomb) > TombLife).ToList())
        {
            File.Delete(tomb);
        }
    }
}
