using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;

namespace Orleans.Cluster.UnitTests.Planning;

/// <summary>
/// What stands in a data folder and is no file is refused by name, at once; it neither waits nor hides what is beside it.
/// </summary>
public sealed class DataRootsTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-cluster-roots-");
    private readonly ClusterPaths paths;
    private readonly DataRoots roots;

    public DataRootsTests()
    {
        var settings = new ClusterSettings
        {
            StateDirectory = Path.Combine(folder.FullName, "state"), DataRoots = [folder.FullName],
        };
        paths = new ClusterPaths(Options.Create(settings));
        roots = new DataRoots(paths);
        Directory.CreateDirectory(Path.Combine(folder.FullName, "in"));
        File.WriteAllText(Path.Combine(folder.FullName, "in", "a.csv"), "k\n1\n");
    }

    public void Dispose() => folder.Delete(recursive: true);

    // What a failed job left, or one that is about to publish has shown: no manifest names it.
    [Fact]
    public void Resolve_AnOutputFolder_IsWhatItsManifestsName()
    {
        var (job, stranger) = (JobId.New(), JobId.New());
        var outputs = Directory.CreateDirectory(Path.Combine(folder.FullName, "out")).FullName;
        Directory.CreateDirectory(Path.Combine(outputs, "k=1"));
        string[] named = [$"part-{job}-00000-1-000.csv", $"k=1/part-{job}-00001-1-000.csv"];
        foreach (var file in named.Append($"part-{job}-00000-2-000.csv")
            .Append($"k=1/part-{stranger}-00000-1-000.csv").Append("mine.csv"))
        {
            File.WriteAllText(Path.Combine(outputs, file), "k\n1\n");
        }

        var manifest = new JobResult(2, 2, [], [.. named.Append("mine.csv").Select(file => new ResultFile(file, 1, 1, ""))]);
        File.WriteAllText(Path.Combine(outputs, $"_manifest-{job}.json"), JsonSerializer.Serialize(manifest, WireJson.Options));

        Assert.Equal(named.Select(file => Path.Combine(outputs, file)), Resolve("out").Select(file => file.Path));
        Assert.Equal(
            [Path.Combine(outputs, "mine.csv"), Path.Combine(outputs, named[0])], Resolve("out/*.csv").Select(file => file.Path));
        Assert.Equal([Path.Combine(outputs, named[1])], Resolve("out/k=*/*.csv").Select(file => file.Path));
    }

    [Theory]
    [InlineData("in/pipe.csv")]
    [InlineData("in/*.csv")]
    public void Resolve_NamedPipe_IsNamed(string path)
    {
        var pipe = Path.Combine(folder.FullName, "in", "pipe.csv");
        using var made = Process.Start("mkfifo", pipe);
        made.WaitForExit();

        var refused = Assert.Throws<ClusterException>(() => Resolve(path));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Equal($"'{pipe}' is a named pipe, not a file.", refused.Message);
    }

    [Theory]
    [InlineData("in/gone.csv", "in/gone.csv")]
    [InlineData("in/*.csv", "in/gone.csv")]
    [InlineData("**/*.csv", "in/gone.csv")]
    [InlineData("in/**", "in/gone.csv")]
    [InlineData("i*/x/*.csv", "in/x")]
    public void Resolve_LinkThatLeadsNowhere_IsNamed(string path, string link)
    {
        var full = Path.Combine(folder.FullName, link);
        File.CreateSymbolicLink(full, Path.Combine(folder.FullName, "missing"));

        var refused = Assert.Throws<ClusterException>(() => Resolve(path));

        Assert.Equal(Contracts.ProblemCode.DatasetNotFound, refused.Code);
        Assert.Contains(full, refused.Message, StringComparison.Ordinal);
        Assert.Contains("which does not exist", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_RangeThatEndsBeforeItBegins_IsRefused()
    {
        var refused = Assert.Throws<ClusterException>(() => Resolve("in/[z-a].csv"));

        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.Contains("'[z-a].csv' is not a valid pattern", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in/b.csv", "in/a.csv")]
    [InlineData("inn/a.csv", "in")]
    public void Resolve_MisspeltPath_NamesTheNearest(string path, string nearest)
    {
        var refused = Assert.Throws<ClusterException>(() => Resolve(path));

        Assert.Equal(Contracts.ProblemCode.DatasetNotFound, refused.Code);
        Assert.Contains($"Did you mean '{Path.Combine(folder.FullName, nearest)}'?", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_FolderThatTheUserMayNotEnter_IsNoMissingFile()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.SkipWhen(Environment.UserName == "root", "This user may enter every folder.");
        var closed = Directory.CreateDirectory(Path.Combine(folder.FullName, "closed"));
        File.WriteAllText(Path.Combine(closed.FullName, "a.csv"), "k\n1\n");
        File.SetUnixFileMode(closed.FullName, UnixFileMode.None);

        var refused = Assert.Throws<ClusterException>(() => Resolve("closed/a.csv"));

        File.SetUnixFileMode(closed.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal(Contracts.ProblemCode.DatasetNotReadable, refused.Code);
        Assert.StartsWith("No permission to read 'closed/a.csv'.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_FilesAndLinksToFiles_AreListed()
    {
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "in", "b.csv"), Path.Combine(folder.FullName, "in", "a.csv"));

        Assert.Equal(["a.csv", "b.csv"], Resolve("in/*.csv").Select(file => Path.GetFileName(file.Path)));
    }

    [Theory]
    [InlineData(".hidden.csv", "is hidden")]
    [InlineData(".git/config.csv", "is hidden")]
    [InlineData("in/appsettings.Production.json", "is a file of the cluster's settings")]
    [InlineData("secrets/database.csv", "is a file of the cluster's settings")]
    [InlineData("silo.pem", "has the name of a file of keys")]
    [InlineData("state/cluster.db", "belongs to the cluster itself")]
    public void Resolve_WhatIsNoData_IsRefusedByNameLinkAndAsOutput(string path, string why)
    {
        var full = Path.Combine(folder.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, "k\n1\n");
        File.CreateSymbolicLink(Path.Combine(folder.FullName, "in", "link.csv"), full);
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Cluster:Tls:Key", Path.Combine(folder.FullName, "secrets", "database.csv"))]).Build();
        var guarded = new DataRoots(paths, configuration);

        var named = Assert.Throws<ClusterException>(() => Resolve(guarded, path));
        var linked = Assert.Throws<ClusterException>(() => Resolve(guarded, "in/link.csv"));
        var output = Assert.Throws<ClusterException>(() => guarded.ResolveOutput(path, "/output/path"));

        Assert.All([named, linked, output], refused => Assert.Equal(Contracts.ProblemCode.PathNotAllowed, refused.Code));
        Assert.All([named, output], refused => Assert.Contains(why, refused.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Resolve_GlobOverWhatIsNoData_FindsTheDataAlone()
    {
        File.WriteAllText(Path.Combine(folder.FullName, "in", "appsettings.json"), "{}");
        File.WriteAllText(Path.Combine(folder.FullName, "in", "admin.key"), "secret");

        Assert.Equal(["a.csv"], Resolve("in/*").Select(file => Path.GetFileName(file.Path)));
    }

    [Fact]
    public void ResolveOutput_InTheSample_IsRefused()
    {
        var refused = Assert.Throws<ClusterException>(() =>
            roots.ResolveOutput(Path.Combine(folder.FullName, "state", "sample", "out"), "/output/path"));

        Assert.Equal(Contracts.ProblemCode.PathNotAllowed, refused.Code);
    }

    // The working directory holds settings and keys more often than not.
    [Fact]
    public void Resolve_KeysRequiredAndNoRootGiven_NothingIsAllowed()
    {
        var none = new DataRoots(
            new ClusterPaths(
                Options.Create(
                    new ClusterSettings { StateDirectory = Path.Combine(folder.FullName, "state"), AsksForKeys = true })));

        foreach (var path in (string[])["any.csv", Path.Combine(Directory.GetCurrentDirectory(), "any.csv"), "/etc/hostname"])
        {
            Assert.Equal(Contracts.ProblemCode.PathNotAllowed, Assert.Throws<ClusterException>(() => Resolve(none, path)).Code);
            Assert.Equal(
                Contracts.ProblemCode.PathNotAllowed,
                Assert.Throws<ClusterException>(() => none.ResolveOutput(path, "/output/path")).Code);
        }
    }

    private IReadOnlyList<Protocol.FileStamp> Resolve(string path) => Resolve(roots, path);

    private static IReadOnlyList<Protocol.FileStamp> Resolve(DataRoots roots, string path) =>
        roots.Resolve(new SourceSpec { Path = [path] }, "/source", TestContext.Current.CancellationToken);
}
