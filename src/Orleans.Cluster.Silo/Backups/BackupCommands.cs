using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.Silo.Backups;

/// <summary>
/// <c>backup --to FOLDER</c>, beside a running cluster, and <c>restore --from FOLDER</c>, before one is started. The database is
/// copied first and the artifacts after it: they are written once and named by the database later, so that each one that the copy
/// names is there. Artifacts in an object store stay there: it has versions and replication of its own.
/// </summary>
internal static class BackupCommands
{
    private const string Database = "database";
    private const string State = "state";
    private const string Artifacts = "artifacts";

    /// <summary>Files of the state directory that belong to the process that runs, or to the database.</summary>
    private static readonly string[] NotCopied = ["gateway.lock", "gateway.json", "cluster.db", "orleans.db"];

    /// <summary>The command that the arguments name, or null.</summary>
    public static Func<Task<int>>? Find(string[] args) => args switch
    {
        ["backup", .. var rest] => () => Run(rest, "to", Save),
        ["restore", .. var rest] => () => Run(rest, "from", Restore),
        _ => null,
    };

    private static async Task<int> Run(string[] args, string option, Func<IServiceProvider, string, Task<int>> command)
    {
        var folder = new ConfigurationBuilder().AddCommandLine(args).Build()[option]
            ?? throw new StartRefusedException($"Name the backup's folder with --{option} FOLDER.");
        var builder = Host.CreateApplicationBuilder(ClusterHost.Arguments(args));
        builder.AddClusterDefaults();
        builder.Services.AddClusterStorage(builder.Configuration);
        using var host = builder.Build();
        return await command(host.Services, Path.GetFullPath(folder));
    }

    private static async Task<int> Save(IServiceProvider services, string folder)
    {
        if (Directory.Exists(folder) || File.Exists(folder))
        {
            throw new StartRefusedException($"{folder} exists. A backup is written into a new folder.");
        }

        var paths = services.GetRequiredService<ClusterPaths>();
        var database = services.GetRequiredService<IDatabaseBackup>();
        var begin = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var unfinished = folder + ".unfinished";
        DeleteFolder(unfinished);
        MakePrivate(unfinished);
        MakePrivate(Path.Combine(unfinished, Database));
        await database.Save(Path.Combine(unfinished, Database), CancellationToken.None);
        CopyState(paths.State, Path.Combine(unfinished, State));
        if (paths.ArtifactFolder is { } artifacts)
        {
            CopyTree(artifacts, Path.Combine(unfinished, Artifacts));
        }

        var manifest = await BackupManifest.Write(
            unfinished, begin, database.Kind, database.SchemaVersion, CancellationToken.None);
        Directory.Move(unfinished, folder);
        Console.Error.WriteLine(
            $"{manifest.Files.Count} files, {manifest.Files.Sum(file => file.Bytes):#,0} bytes, as of {begin:u}, are in "
            + $"{folder}. It holds secrets: keep it as you keep them.");
        if (paths.ArtifactFolder is null)
        {
            Console.Error.WriteLine($"The backup does not hold the artifacts: leave {paths.Artifacts} in place.");
        }

        return 0;
    }

    private static async Task<int> Restore(IServiceProvider services, string folder)
    {
        var paths = services.GetRequiredService<ClusterPaths>();
        var database = services.GetRequiredService<IDatabaseBackup>();
        var manifest = await BackupManifest.Read(folder, CancellationToken.None);
        if (manifest.Database != database.Kind || manifest.Schema != database.SchemaVersion)
        {
            throw new StartRefusedException(
                $"The backup is of {manifest.Database} with schema {manifest.Schema}, written by version {manifest.Version}; "
                + "this program would restore "
                + $"{database.Kind} with schema {database.SchemaVersion}. Restore it with the version that wrote it, then "
                + "upgrade.");
        }

        if (paths.ArtifactFolder is null && Directory.Exists(Path.Combine(folder, Artifacts)))
        {
            throw new StartRefusedException(
                $"The backup holds the artifacts of a folder, and Cluster:ArtifactStore is {paths.Artifacts}. Restore it with a "
                + "folder there.");
        }

        if (paths.ArtifactFolder is { } there && Directory.Exists(there) && Directory.EnumerateFileSystemEntries(there).Any())
        {
            throw new StartRefusedException(
                $"The artifact store {paths.Artifacts} is not empty. Restore into an empty one, or move that one away first.");
        }

        using var claim = StateDirectory.Claim(paths.State);
        await database.Restore(Path.Combine(folder, Database), CancellationToken.None);
        if (paths.ArtifactFolder is { } artifacts)
        {
            CopyTree(Path.Combine(folder, Artifacts), artifacts);
        }

        CopyTree(Path.Combine(folder, State), paths.State);
        var start = StorageConnection.Of(services.GetRequiredService<IConfiguration>()).IsEmbedded
            ? $"orleans-cluster up --state {paths.State}" : "its silos, as usual";
        Console.Error.WriteLine(
            $"The cluster is as it was at {manifest.CreatedAt:u}. Jobs that had not ended go on when you start it: {start}");
        if (paths.ArtifactFolder is null)
        {
            Console.Error.WriteLine(
                $"{paths.Artifacts} may have seen a later state of the database. Then nothing is deleted there until "
                + "'store adopt' makes it this one's.");
        }

        return 0;
    }

    // Secrets, the sample's table and whatever else is not the database, a log, scratch or an artifact.
    private static void CopyState(string state, string target)
    {
        MakePrivate(target);
        foreach (var file in Directory.Exists(state) ? Directory.EnumerateFiles(state) : [])
        {
            var name = Path.GetFileName(file);
            if (!NotCopied.Any(left => name.StartsWith(left, StringComparison.Ordinal))
                && !name.EndsWith(".tmp", StringComparison.Ordinal))
            {
                CopyFile(file, Path.Combine(target, name));
            }
        }

        foreach (var folder in (string[])["sample", "keys"])
        {
            CopyTree(Path.Combine(state, folder), Path.Combine(target, folder));
        }
    }

    private static void CopyTree(string from, string to)
    {
        foreach (var file in Directory.Exists(from) ? Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories) : [])
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            CopyFile(file, target);
        }
    }

    // The mode is copied too: a secret stays its owner's alone.
    private static void CopyFile(string from, string to)
    {
        try
        {
            File.Copy(from, to, overwrite: true);
        }
        catch (FileNotFoundException)
        {
            // An artifact that expired, or of an attempt that failed, was removed while the others were copied.
        }
        catch (DirectoryNotFoundException)
        {
            // The same, with its folder.
        }
    }

    private static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            return;
        }

        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
