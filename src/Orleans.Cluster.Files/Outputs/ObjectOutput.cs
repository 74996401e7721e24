using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Outputs;

/// <summary>
/// The objects of one job in its output. Two processes may work here for the same job, as in <see cref="OutputFolder"/>: objects
/// have the same names and contents whoever writes them, and each is there whole or not at all.
/// </summary>
internal sealed class ObjectOutput(
    IObjectStore store, StoredFiles stored, S3Path folder, JobId job, int epoch, TimeProvider clock)
{
    private const int CallsInFlight = 16;

    private readonly PublishedObjects published = new(store);
    private readonly ObjectWords words = new(store, folder, job, epoch, clock);

    private S3Path Manifest => folder.Below(OutputNames.Manifest(job));

    private S3Path Note => folder.Below($"._replaced-{job}.json");

    /// <summary>Whether the job has published exactly this.</summary>
    public async Task<bool> Holds(JobResult result, CancellationToken cancellationToken) =>
        await published.Read(Manifest, cancellationToken) is { } found && found.Rows == result.Rows
        && found.Files.SequenceEqual(result.Files);

    /// <summary>Manifests of other jobs, in order.</summary>
    /// <param name="unlessTaken">For ERROR_IF_EXISTS: the output, of which nothing may be there; else null.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ClusterException"><c>output-exists</c>.</exception>
    public async Task<IReadOnlyList<S3Path>> FindOthers(OutputSpec? unlessTaken, CancellationToken cancellationToken)
    {
        if (unlessTaken is not null)
        {
            await ObjectPlace.ThrowIfTaken(store, folder, unlessTaken, job, cancellationToken);
        }

        var others = new List<S3Path>();
        await foreach (var item in store.List(folder.Below(OutputNames.ManifestPrefix), cancellationToken))
        {
            others.AddRange(OutputNames.JobOfManifest(folder.NameOf(item.Path)) is { } owner && owner != job ? [item.Path] : []);
        }

        return others;
    }

    /// <summary>
    /// Whether a file is there already, with what was committed in it: a database that was put back may have given the same
    /// attempt another content.
    /// </summary>
    public async Task<bool> HasWhole(CommittedFile item, CancellationToken cancellationToken) =>
        await store.Stat(folder.Below(item.Name), cancellationToken) is { } found
        && found.Bytes == item.File.Bytes && found.Sha256 == item.File.Sha256;

    /// <summary>Writes a file under its name, which nobody counts before the manifest names it.</summary>
    public Task Write(CommittedFile item, string file, CancellationToken cancellationToken) =>
        store.Write(folder.Below(item.Name), file, item.File.Sha256, cancellationToken);

    /// <summary>Notes what the job's output takes the place of.</summary>
    /// <returns>What stays although OVERWRITE was asked for, each with the reason.</returns>
    public async Task<IReadOnlyList<string>> NoteReplaced(IReadOnlyList<S3Path> manifests, CancellationToken cancellationToken)
    {
        var (going, staying) = (new List<string>(), new List<string>());
        foreach (var manifest in manifests)
        {
            ReplacedOutputs.Sort(
                folder.NameOf(manifest), await published.Read(manifest, cancellationToken), going, staying);
        }

        await store.Write(Note, JsonSerializer.SerializeToUtf8Bytes(going, WireJson.Options), cancellationToken);
        return staying;
    }

    /// <summary>
    /// Which manifest of this job is there, whatever it says; null for none. It is looked at before the job's row is asked.
    /// </summary>
    public async Task<string?> SeeManifest(CancellationToken cancellationToken) =>
        await store.Stat(Manifest, cancellationToken) is { } found ? $"{found.ETag} {found.Bytes}" : null;

    /// <summary>Makes the objects count. All of them are there by then.</summary>
    /// <param name="result">What the manifest says.</param>
    /// <param name="stale">
    /// The manifest that was seen before the job's row was asked. Where it says something else it is taken back: nobody was told
    /// of it, since the job had not succeeded by then. One that came since is of a publisher who asked later.
    /// </param>
    /// <exception cref="IOException">Something else was published for the job meanwhile, or an object is gone.</exception>
    /// <exception cref="ClusterException">
    /// A later job has overwritten this one's output, or the job has ended otherwise.
    /// </exception>
    public async Task Publish(JobResult result, string? stale)
    {
        // The job is past the point of no return.
        var cancellationToken = CancellationToken.None;
        if (await SeeManifest(cancellationToken) is { } there && !await Holds(result, cancellationToken))
        {
            if (there != stale)
            {
                throw Another();
            }

            await store.Delete(Manifest, cancellationToken);
        }

        await ThrowIfUnwanted();
        var seen = await stored.Look([.. result.Files.Select(file => $"{folder.Below(file.Path)}")], cancellationToken);
        foreach (var (file, stamp) in result.Files.Zip(seen))
        {
            if (stamp?.Bytes != file.Bytes)
            {
                throw new IOException($"{folder.Below(file.Path)} was removed or changed before it was published.");
            }
        }

        if (await store.Create(Manifest, JsonSerializer.SerializeToUtf8Bytes(result, WireJson.Options), cancellationToken))
        {
            await TakeBackIfUnwanted();
        }
        else if (!await Holds(result, cancellationToken))
        {
            throw Another();
        }
    }

    /// <summary>
    /// The job has ended without a result: none of its objects stays, and a publisher that stood still shows none any more.
    /// </summary>
    public async Task Clear(CancellationToken cancellationToken)
    {
        var own = await FindOwn(_ => true, cancellationToken);
        var uploads = await FindUploads(cancellationToken);
        var manifest = await store.Stat(Manifest, cancellationToken);

        // Whoever may still publish has written by now: before that it asks for the job's row.
        if (own.Count > 0 || uploads.Count > 0 || manifest is not null)
        {
            await words.SayEnded(cancellationToken);
        }

        await store.Delete(Manifest, cancellationToken);
        await Abort(uploads, cancellationToken);
        await Delete(own, cancellationToken);
        await words.RemoveOld(cancellationToken);
    }

    /// <summary>
    /// Removes what was noted. The manifests go first: objects that no manifest names do not count. Safe to do again.
    /// </summary>
    public async Task RemoveReplaced()
    {
        await using var content = await store.Open(Note, CancellationToken.None);
        if (content is null)
        {
            return;
        }

        var noted = await JsonSerializer.DeserializeAsync<string[]>(content, WireJson.Options) ?? [];
        foreach (var name in noted)
        {
            if (OutputNames.JobOfManifest(name) is { } owner && owner != job)
            {
                await words.SayOverwritten(owner);
                await store.Delete(folder.Below(name), CancellationToken.None);
            }
        }

        await Delete(
            [.. noted.Where(name => OutputNames.JobOfPart(name) is { } owner && owner != job).Select(folder.Below)],
            CancellationToken.None);
        await store.Delete(Note, CancellationToken.None);
        await words.RemoveOld(CancellationToken.None);
    }

    /// <summary>
    /// Removes what others left who were killed: parts that were not completed, and objects of this job that its manifest does
    /// not name, of an attempt whose artifact was lost later.
    /// </summary>
    public async Task RemoveLeftovers(JobResult result)
    {
        var named = result.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        await Abort(await FindUploads(CancellationToken.None), CancellationToken.None);
        await Delete(await FindOwn(name => !named.Contains(name), CancellationToken.None), CancellationToken.None);
        await words.ForgetEnded();
    }

    private async Task<List<S3Path>> FindOwn(Func<string, bool> which, CancellationToken cancellationToken)
    {
        var own = new List<S3Path>();
        await foreach (var item in store.List(folder.Below(""), cancellationToken))
        {
            var name = folder.NameOf(item.Path);
            own.AddRange(OutputNames.JobOfPart(name) == job && which(name) ? [item.Path] : []);
        }

        return own;
    }

    private async Task<List<ObjectUpload>> FindUploads(CancellationToken cancellationToken)
    {
        var own = new List<ObjectUpload>();
        try
        {
            await foreach (var upload in store.ListUploads(folder.Below(""), cancellationToken))
            {
                own.AddRange(OutputNames.JobOfPart(folder.NameOf(upload.Path)) == job ? [upload] : []);
            }
        }
        catch (ObjectStoreException fault) when (fault.Fault == ObjectStoreFault.Unsupported)
        {
            // The janitor of artifacts says in the log what to do about such a store.
        }

        return own;
    }

    private async Task Abort(List<ObjectUpload> uploads, CancellationToken cancellationToken)
    {
        foreach (var upload in uploads)
        {
            await store.Abort(upload, cancellationToken);
        }
    }

    private Task Delete(IReadOnlyList<S3Path> objects, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        objects,
        new ParallelOptions { MaxDegreeOfParallelism = CallsInFlight, CancellationToken = cancellationToken },
        async (path, token) => await store.Delete(path, token));

    private IOException Another() => new($"{Manifest} names other files than those that were committed.");

    private async Task ThrowIfUnwanted()
    {
        if (await words.IsEnded())
        {
            throw new ClusterException(
                Contracts.ProblemCode.JobAlreadyTerminal, $"Job {job} had ended before its output in {folder} was visible.");
        }

        if (await words.IsOverwritten())
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputExists, $"A later job has overwritten the output of job {job} in {folder}.",
                "Submit the job again.");
        }
    }

    // Whoever overwrites, or ends the job, first leaves word and then removes the manifest: one that came after it finds the
    // word.
    private async Task TakeBackIfUnwanted()
    {
        try
        {
            await ThrowIfUnwanted();
        }
        catch (ClusterException)
        {
            await store.Delete(Manifest, CancellationToken.None);
            throw;
        }
    }
}
