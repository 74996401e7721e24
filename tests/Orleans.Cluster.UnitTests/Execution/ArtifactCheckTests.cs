using Orleans.Cluster.Contracts;
using Orleans.Cluster.Engine;
using Orleans.Cluster.Engine.Storage;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.UnitTests.Execution;

/// <summary>A task that cannot read an artifact names who made it, so that this is made again and nothing else.</summary>
public sealed class ArtifactCheckTests : IDisposable
{
    // SHA-256 of "abc".
    private const string Hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    private static readonly AttemptId Producer = new(new TaskId(JobId.Parse("01JD0000000000000000000001"), 0, 3), 2);

    private readonly string path = Path.GetTempFileName();

    public ArtifactCheckTests() => File.WriteAllText(path, "abc");

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Require_AsCommitted_Passes() => ArtifactCheck.Require(new ArtifactRef(Producer, path, 1, 3, Hash));

    [Theory]
    [InlineData("gone")]
    [InlineData("longer")]
    [InlineData("different")]
    public void Require_NotWhatWasCommitted_NamesItsProducer(string how)
    {
        var artifact = how switch
        {
            "gone" => new ArtifactRef(Producer, $"{path}.gone", 1, 3, Hash),
            "longer" => new ArtifactRef(Producer, path, 1, 2, Hash),
            _ => new ArtifactRef(Producer, path, 1, 3, Hash.Replace('b', 'c')),
        };

        var failure = Assert.Throws<EngineException>(() => ArtifactCheck.Require(artifact)).Failure;

        Assert.Equal((FailureKind.ArtifactLost, (AttemptId?)Producer), (failure.Kind, failure.Lost));
    }
}
