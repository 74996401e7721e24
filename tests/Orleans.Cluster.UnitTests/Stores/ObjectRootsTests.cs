using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Files.Datasets;
using Orleans.Cluster.Files.Stores;

namespace Orleans.Cluster.UnitTests.Stores;

/// <summary>From paths that users write to objects: what is inside the roots, and what a pattern finds.</summary>
public sealed class ObjectRootsTests : IDisposable
{
    private static readonly string[] Keys =
    [
        "data", "data/", "data/a.csv", "data/b.csv", "data/.hidden.csv", "data/day=1/c.csv", "data/day=2/deep/d.csv",
        "data/.h/e.csv", "data2/f.csv",
    ];

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("orleans-cluster-objects-");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("s3://atlas/data/a.csv", "data/a.csv")]
    [InlineData("S3://atlas/data/a.csv", "data/a.csv")]
    [InlineData("s3://atlas/data/*.csv", "data/a.csv data/b.csv")]
    [InlineData("s3://atlas/data/[ab].csv", "data/a.csv data/b.csv")]
    [InlineData("s3://atlas/data/**/*.csv", "data/a.csv data/b.csv data/day=1/c.csv data/day=2/deep/d.csv")]
    [InlineData("s3://atlas/data/day=*/*.csv", "data/day=1/c.csv")]
    [InlineData("s3://atlas/data/**", "data/a.csv data/b.csv data/day=1/c.csv data/day=2/deep/d.csv")]
    public void Resolve_PathInsideARoot_FindsTheObjects(string path, string expected)
    {
        var found = Resolve("s3://atlas/data", path);

        Assert.Equal(expected.Split(' ').Select(key => $"s3://atlas/{key}"), found.Select(stamp => stamp.Path));
        Assert.All(found, stamp => Assert.Equal("\"tag\"", stamp.ETag));
    }

    [Theory]
    [InlineData("s3://atlas/data2/f.csv", "outside the S3 roots")]
    [InlineData("s3://atlas/data*/f.csv", "outside the S3 roots")]
    [InlineData("s3://atlas/*/a.csv", "outside the S3 roots")]
    [InlineData("s3://other/data/a.csv", "outside the S3 roots")]
    [InlineData("s3://atlas", "outside the S3 roots")]
    [InlineData("s3://atlas/data/../data2/f.csv", "holds '..'")]
    [InlineData("https://atlas/data/a.csv", "is an address")]
    public void Resolve_PathOutsideTheRoots_IsRefused(string path, string reason)
    {
        var refused = Assert.Throws<ClusterException>(() => Resolve("s3://atlas/data", path));

        Assert.Equal(Contracts.ProblemCode.PathNotAllowed, refused.Code);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_NoRoots_SaysWhichSettingOpensThem()
    {
        var refused = Assert.Throws<ClusterException>(() => Resolve(null, "s3://atlas/data/a.csv"));

        Assert.Contains("S3:Roots", refused.Message, StringComparison.Ordinal);
    }

    // A bucket with the same names as a folder: the pattern finds the same in both.
    [Theory]
    [InlineData("*.csv")]
    [InlineData("**/*.csv")]
    [InlineData("**")]
    [InlineData("**/d*/**")]
    [InlineData("d*/**/?.csv")]
    [InlineData("**/{a,d}.csv")]
    [InlineData(".h/*.csv")]
    [InlineData("**/deep/**/d.csv")]
    public void IsMatch_NamesOfAFolder_MatchAsAWalkFindsThem(string pattern)
    {
        string[] files =
            ["a.csv", "b.csv", ".hidden.csv", "day=1/c.csv", "day=2/deep/d.csv", ".h/e.csv", "d/d.csv", "d/x/y/d.csv"];
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder.FullName, file))!);
            File.WriteAllText(Path.Combine(folder.FullName, file), "");
        }

        var glob = new GlobPattern(folder.FullName, pattern);
        var walked = glob.Find(100, TestContext.Current.CancellationToken)
            .Select(path => Path.GetRelativePath(folder.FullName, path));

        Assert.Equal(walked, files.Where(file => glob.IsMatch(file.Split('/'))).Order(StringComparer.Ordinal));
    }

    private IReadOnlyList<Protocol.FileStamp> Resolve(string? root, string path)
    {
        var paths = new ClusterPaths(
            Options.Create(new ClusterSettings { StateDirectory = folder.FullName, DataRoots = [folder.FullName] }));
        var objects = new ObjectRoots(new ListedStore(), Options.Create(new S3Options { Roots = root is null ? [] : [root] }));
        return new DataRoots(paths, objects: objects).Resolve(new SourceSpec
        {
            Path = [path],
        }, "/source", TestContext.Current.CancellationToken);
    }

    /// <summary>A bucket with some names.</summary>
    private sealed class ListedStore : IObjectStore
    {
        public async IAsyncEnumerable<ObjectInfo> List(
            S3Path prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var key in Keys.Where(key => prefix.Bucket == "atlas"
                && key.StartsWith(prefix.Key, StringComparison.Ordinal)))
            {
                await Task.Yield();
                yield return new ObjectInfo(prefix with { Key = key }, 1, DateTimeOffset.UnixEpoch, "\"tag\"");
            }
        }

        public Task<ObjectInfo?> Stat(S3Path path, CancellationToken cancellationToken) =>
            Task.FromResult(Keys.Contains(path.Key) ? new ObjectInfo(path, 1, DateTimeOffset.UnixEpoch, "\"tag\"") : null);

        public string Sign(S3Path path) => throw new NotSupportedException();

        public IAsyncEnumerable<string> ListFolders(S3Path folder, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<Stream?> Open(S3Path path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task Write(S3Path path, string file, string? sha256, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task Write(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<bool> Create(S3Path path, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task Delete(S3Path path, CancellationToken cancellationToken) => throw new NotSupportedException();

        public IAsyncEnumerable<ObjectUpload> ListUploads(S3Path prefix, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task Abort(ObjectUpload upload, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
