using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// The folders that jobs may read and write, and the only way from a path that a user wrote to a file: a path is checked as it is
/// written, and again with all links followed.
/// </summary>
internal sealed class DataRoots
{
    public const int MaxFiles = 200_000;
    private const string Outside = "is outside the data roots (Cluster:DataRoots)";
    private const string AddRoots = "Whoever runs it adds folders with `up --data FOLDER` or Cluster:DataRoots.";
    private const string NameThem = "Whoever runs it names folders of data with Cluster:DataRoots.";

    private readonly IReadOnlyList<string> roots;
    private readonly bool hasNone;
    private readonly ObjectRoots? objects;

    /// <param name="paths">Folders of this process.</param>
    /// <param name="configuration">What names files of settings; null for none.</param>
    /// <param name="objects">Objects that jobs may name; null for none.</param>
    public DataRoots(ClusterPaths paths, IConfiguration? configuration = null, ObjectRoots? objects = null)
    {
        this.objects = objects;
        hasNone = paths.DataRoots.Count == 0;
        var sample = DefaultDataset.FolderIn(paths);
        roots = [.. paths.DataRoots.Append(sample).Select(Path.TrimEndingDirectorySeparator)];
        Rules = ConfiguredRules.Of(paths, configuration);
    }

    /// <summary>What may be read and written, for those who open files.</summary>
    public SourceRules Rules { get; }

    /// <summary>Files of a source: in the order of its paths, those of a glob by ordinal order, none twice.</summary>
    /// <param name="source">What the user wrote.</param>
    /// <param name="pointer">Where it stands in the request, such as <c>/source</c>.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <exception cref="ClusterException">
    /// <c>path-not-allowed</c>, <c>dataset-not-found</c>, <c>dataset-not-readable</c>: every fault.
    /// </exception>
    public IReadOnlyList<FileStamp> Resolve(SourceSpec source, string pointer, CancellationToken cancellationToken)
    {
        var faults = new DataFaults();
        var listing = new FoundFiles(new RealPaths(), faults, cancellationToken);
        for (var i = 0; i < source.Path.Count; i++)
        {
            AddFiles(listing, source.Path[i], source.Path.Count == 1 ? $"{pointer}/path" : $"{pointer}/path/{i}");
        }

        faults.ThrowIfAny();
        return listing.Files;
    }

    /// <summary>The folder of an output, absolute, or its address in an object store. It need not exist.</summary>
    /// <exception cref="ClusterException"><c>path-not-allowed</c>.</exception>
    public string ResolveOutput(string path, string pointer)
    {
        var faults = new DataFaults();
        if (IsObject(path))
        {
            var place = LocateObject(path, pointer, faults);
            if (place is { } found && objects!.WhyNoOutput(found) is { } why)
            {
                faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed, $"'{Short(path)}' {why}.");
            }

            faults.ThrowIfAny();
            return place!.Value.ToString().TrimEnd('/');
        }

        var full = Locate(path, pointer, new RealPaths(), faults);
        if (full is not null && SourceRules.IsInside(full, Rules.Sample))
        {
            faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed,
                $"'{Short(path)}' is the sample dataset, which no job writes.");
        }
        else if (full is not null && roots.Contains(full))
        {
            faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed, "An output needs a folder of its own inside a data root.");
        }

        faults.ThrowIfAny();
        return full!;
    }

    /// <summary>The data root that a folder which <see cref="ResolveOutput"/> gave lies in.</summary>
    public string RootOf(string folder) =>
        roots.Concat(Rules.Roots).Where(root => SourceRules.IsInside(folder, root)).MaxBy(root => root.Length)
        ?? throw new ArgumentException($"{folder} is in no data root.", nameof(folder));

    /// <summary>
    /// Folders, then files, that are in a folder and that jobs may read, each by name; of an empty path the roots themselves, by
    /// their whole paths.
    /// </summary>
    /// <exception cref="ClusterException">
    /// <c>path-not-allowed</c>, <c>dataset-not-found</c>, <c>dataset-not-readable</c>.
    /// </exception>
    public IReadOnlyList<FileSystemInfo> List(string path, string pointer, CancellationToken cancellationToken)
    {
        if (path.Length == 0)
        {
            return [.. roots.Distinct(StringComparer.Ordinal).Where(Directory.Exists).Select(root => new DirectoryInfo(root))];
        }

        var faults = new DataFaults();
        var real = new RealPaths();
        var full = Locate(path, pointer, real, faults);
        faults.ThrowIfAny();
        try
        {
            var found = new List<FileSystemInfo>();
            foreach (var entry in new DirectoryInfo(full!).EnumerateFileSystemInfos())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (real.Of(entry.FullName) is { } target && Rules.WhyNot(target) is null)
                {
                    found.Add(entry);
                }

                if (found.Count == MaxFiles)
                {
                    throw new ClusterException(
                        Contracts.ProblemCode.DatasetNotReadable,
                        $"'{Short(path)}' has {MaxFiles} entries or more; name its files by a glob.");
                }
            }

            return [.. found.OrderBy(entry => entry is FileInfo).ThenBy(entry => entry.Name, StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException) when (File.Exists(full))
        {
            throw new ClusterException(Contracts.ProblemCode.DatasetNotReadable, $"'{Short(path)}' is a file, not a folder.");
        }
        catch (DirectoryNotFoundException)
        {
            throw new ClusterException(
                Contracts.ProblemCode.DatasetNotFound, $"There is no folder '{Short(path)}'.{WhereToLook(path)}");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new ClusterException(
                Contracts.ProblemCode.DatasetNotReadable,
                $"'{Short(path)}' cannot be listed: it is not a folder, or the cluster may not read it.");
        }
    }

    private void AddObjects(FoundFiles listing, ObjectRoots known, string path, string pointer)
    {
        if (LocateObject(path, pointer, listing.Faults) is not { } place)
        {
            return;
        }

        try
        {
            // The listing has a thread of its own, and the store's client no other way to be asked.
            var found = known.Find(place, MaxFiles, listing.CancellationToken).GetAwaiter().GetResult();
            foreach (var item in found.TakeWhile(_ => !listing.IsFull))
            {
                listing.Add(item, pointer);
            }

            if (found.Count == 0)
            {
                var what = GlobPattern.HasWildcards(path) ? "No object matches" : "There is no object";
                listing.Faults.Add(pointer, Contracts.ProblemCode.DatasetNotFound, $"{what} '{Short(path)}'.");
            }
        }
        catch (ObjectStoreException fault) when (fault.Fault == ObjectStoreFault.Away)
        {
            // Nothing is known of the path: whoever plans waits for the store.
            throw fault.ToUnavailable();
        }
        catch (Exception fault) when (fault is InvalidDataException or ObjectStoreException)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotReadable, $"'{Short(path)}' cannot be searched. {fault.Message}");
        }
    }

    private S3Path? LocateObject(string path, string pointer, DataFaults faults)
    {
        var refusal = Trick(path)
            ?? (objects is not { AreAny: true } ? "This cluster has no S3 storage open to jobs (S3:Roots)."
                : objects.Locate(path) is null ? $"'{Short(path)}' is outside the S3 roots (S3:Roots)." : null);
        if (refusal is not null)
        {
            faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed, refusal);
            return null;
        }

        return objects!.Locate(path);
    }

    private static bool IsObject(string path) => path.StartsWith(ObjectGrant.Scheme, StringComparison.OrdinalIgnoreCase);

    private void AddFiles(FoundFiles listing, string path, string pointer)
    {
        if (IsObject(path) && objects is { } known)
        {
            AddObjects(listing, known, path, pointer);
            return;
        }

        if (Locate(path, pointer, listing.Real, listing.Faults) is not { } full)
        {
            return;
        }

        try
        {
            if (GlobPattern.HasWildcards(path) && !Path.Exists(full))
            {
                AddMatches(listing, path, full, pointer);
            }
            else
            {
                AddFile(listing, path, full, pointer);
            }
        }
        catch (InvalidDataException fault)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotReadable, $"'{Short(path)}' cannot be searched. {fault.Message}");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotReadable,
                $"'{Short(path)}' cannot be listed: the cluster may not read it.");
        }
    }

    private void AddMatches(FoundFiles listing, string path, string full, string pointer)
    {
        // The part before the first wildcard is walked to, not searched.
        var parts = full.Split('/');
        var first = Array.FindIndex(parts, GlobPattern.HasWildcards);
        var folder = first == 1 ? "/" : string.Join('/', parts[..first]);
        var matches = Directory.Exists(folder)
            ? new GlobPattern(folder, string.Join('/', parts[first..])).Find(MaxFiles, listing.CancellationToken)
            : [];
        // '**' over a root that holds the state directory or the settings means the user's files, not the cluster's. A link to
        // them is refused by name.
        var realFolder = listing.Real.Of(folder) ?? folder;
        matches.RemoveAll(match => Path.Combine(realFolder, Path.GetRelativePath(folder, match)) is var there
            && listing.Real.Of(Path.GetDirectoryName(match)!) == Path.GetDirectoryName(there) && Rules.WhyNot(there) is not null);
        PublishedFiles.RemoveOthers(matches);
        if (matches.Count == 0)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotFound, $"No file matches '{Short(path)}'.{WhereToLook(path)}");
        }

        foreach (var match in matches)
        {
            AddFile(listing, path, match, pointer);
            if (listing.IsFull)
            {
                return;
            }
        }
    }

    private void AddFile(FoundFiles listing, string path, string full, string pointer)
    {
        if (listing.Real.Of(full) is not { } real || Rules.WhyNot(real) is not null)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.PathNotAllowed,
                $"'{Short(path)}' leads out of the data roots by a link, or to what no job may read.");
            return;
        }

        var file = new FileInfo(real);
        if (file.Exists && SpecialFiles.Find(real) is { } special)
        {
            listing.Faults.Add(pointer, Contracts.ProblemCode.DatasetNotReadable, $"'{Short(full)}' is {special}, not a file.");
        }
        else if (file.Exists)
        {
            listing.Add(new FileStamp(full, file.Length, new DateTimeOffset(file.LastWriteTimeUtc, TimeSpan.Zero)), pointer);
        }
        else if (Directory.Exists(real) && PublishedFiles.In(full) is { } published)
        {
            AddPublished(listing, path, published, pointer);
        }
        else if (Directory.Exists(real))
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotReadable,
                $"'{Short(path)}' is a folder. Name its files, such as '{Short(path).TrimEnd('/')}/*.csv'.");
        }
        else if (full != real)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotFound,
                $"'{Short(full)}' is a link to '{Short(real)}', which does not exist.");
        }
        else
        {
            AddMissing(listing, path, full, pointer);
        }
    }

    private void AddMissing(FoundFiles listing, string path, string full, string pointer)
    {
        var missing = MissingPath.Of(full);
        if (missing.IsHidden)
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotReadable, $"No permission to read '{Short(path)}'.{missing.Hint}");
        }
        else
        {
            listing.Faults.Add(
                pointer, Contracts.ProblemCode.DatasetNotFound,
                $"There is no file '{Short(path)}'.{missing.Hint}{WhereToLook(path)}");
        }
    }

    // A folder that jobs have published into is what its manifests name. Each file is checked as any other: a manifest is a file
    // that anybody may have written.
    private void AddPublished(FoundFiles listing, string path, IReadOnlyList<string> published, string pointer)
    {
        if (published.Count == 0)
        {
            listing.Faults.Add(pointer, Contracts.ProblemCode.DatasetNotFound, $"The manifests in '{Short(path)}' name no file.");
        }

        foreach (var file in published.TakeWhile(_ => !listing.IsFull))
        {
            AddFile(listing, path, file, pointer);
        }
    }

    /// <summary>The absolute path, when it is inside the roots both as written and with links followed.</summary>
    private string? Locate(string path, string pointer, RealPaths real, DataFaults faults)
    {
        if ((Trick(path)
            ?? (IsObject(path)
                ? $"'{Short(path)}' is in an object store, which is not listed here. Name a folder."
                : null)) is { } trick)
        {
            faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed, trick);
            return null;
        }

        if (hasNone && !Path.IsPathRooted(path))
        {
            faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed,
                $"'{Short(path)}' is in no data root: this cluster has none. {NameThem}");
            return null;
        }

        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, roots[0]));
        // Only what exists can be a link; what follows the first wildcard is checked file by file.
        var why = roots.Concat(Rules.Roots).Any(root => SourceRules.IsInside(full, root)) && real.Of(full) is { } target
            ? Rules.WhyNot(target) : Outside;
        if (why is null)
        {
            return full;
        }

        var more = why == Outside ? $" {AddRoots}" : "";
        faults.Add(pointer, Contracts.ProblemCode.PathNotAllowed, $"'{Short(path)}' {why}.{more}");
        return null;
    }

    private static string? Trick(string path) => path switch
    {
        _ when path.Contains('\0', StringComparison.Ordinal) => "A path cannot hold a NUL character.",
        _ when path.Any(char.IsControl) => "A path cannot hold control characters.",
        _ when (!IsObject(path) && path.Contains("://", StringComparison.Ordinal))
            || path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) =>
            $"'{Short(path)}' is an address. Give a path inside the data roots.",
        _ when path.StartsWith("\\\\", StringComparison.Ordinal) || path.StartsWith("//", StringComparison.Ordinal) =>
            $"'{Short(path)}' is a network path. Give a path inside the data roots.",
        _ when path.Split('/', '\\').Contains("..") => $"'{Short(path)}' holds '..'. Give the path without it.",
        _ => null,
    };

    private string WhereToLook(string path) => Path.IsPathRooted(path) || hasNone
        ? ""
        : $" Relative paths are relative to {roots[0]} (Cluster:DataRoots).";

    private static string Short(string path) => path.Length <= 200 ? path : $"{path[..200]}...";
}
