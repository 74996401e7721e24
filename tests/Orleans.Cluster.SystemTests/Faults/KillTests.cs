using System.Globalization;
using Orleans.Cluster.StorageTests.Postgres;
using Orleans.Cluster.SystemTests.EndToEnd;

namespace Orleans.Cluster.SystemTests.Faults;

/// <summary>What is killed, with no warning.</summary>
public enum Victim
{
    Worker,
    Gateway,
    Everything,
}

[CollectionDefinition("kills")]
public sealed class KillCollection;

[Collection("kills")]
public sealed class EmbeddedKillTests(EmbeddedFaultCluster cluster)
    : KillTests<EmbeddedFaultCluster>(cluster), IClassFixture<EmbeddedFaultCluster>
{
    [Fact]
    public Task Kill_EverythingOnce_TheJobEndsRightUnaided() => Run(Victim.Everything, firstSeed: 1, count: 1);
}

[Collection("kills")]
public sealed class PostgresKillTests : KillTests<HandRunCluster>, IClassFixture<HandRunCluster>
{
    public PostgresKillTests(HandRunCluster cluster) : base(cluster) => PostgresFixture.SkipUnlessInstalled();

    // A worker and a gateway by themselves are killed in each run by MainJobTests and IdempotencyTests.
    [Fact]
    public Task Kill_EverythingOnce_TheJobEndsRightUnaided() => Run(Victim.Everything, firstSeed: 1, count: 1);
}

/// <summary>
/// <c>kill -9</c> at moments of a job that a seed names, then a new start of what nobody else starts. Every job ends right and
/// unaided, and nothing is left of it that nobody owns.
/// </summary>
public abstract class KillTests<TCluster>(TCluster cluster)
    where TCluster : EmbeddedCluster
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    [Theory]
    [InlineData(Victim.Worker)]
    [InlineData(Victim.Gateway)]
    [InlineData(Victim.Everything)]
    [Trait("Category", "Long")]
    public Task Kill_AtTwentyMoments_EveryJobEndsRightUnaided(Victim victim) => Run(victim, firstSeed: 100, count: 20);

    protected async Task Run(Victim victim, int firstSeed, int count)
    {
        var job = new FaultJob(cluster);
        var undisturbed = await job.MeasureAsync();
        for (var seed = firstSeed; seed < firstSeed + count; seed++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{victim}, seed {seed}, {undisturbed.TotalSeconds:0.0} s undisturbed");
            await RunOne(job, victim, seed, undisturbed);
        }

        await Leftovers.CheckNoneAsync(cluster);
    }

    private async Task RunOne(FaultJob job, Victim victim, int seed, TimeSpan undisturbed)
    {
        var random = new Random(seed);
        var output = seed % 2 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"out/{victim}-{seed}");
        var id = await job.SubmitAsync(output);
        await Task.Delay(undisturbed * random.NextDouble());
        await job.NoteAsync(id);
        await Kill(victim, random.Next());
        await Task.Delay(LongestPause * random.NextDouble());
        await cluster.ReviveAsync();
        await job.CheckAsync(id, output);
    }

    private Task Kill(Victim victim, int which) => victim switch
    {
        Victim.Worker => cluster.KillWorkerAsync(which),
        Victim.Gateway => cluster.KillAsync(),
        _ => cluster.KillEverythingAsync(),
    };
}
