using System.Diagnostics;
using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.StorageTests.Postgres;

namespace Orleans.Cluster.StorageTests.Campaign;

/// <summary>
/// Jobs to which things happen, again and again: workers die and stand still, artifacts and half-published files are lost and
/// changed, clocks are set, publishers stand still past the point of no return, strangers write into the folder, jobs are
/// cancelled, given up and retried, and the database is put back. After each job the guarantees are checked. A round that fails
/// names its seed.
/// </summary>
public sealed class FaultCampaignTests(PostgresFixture postgres, ITestOutputHelper output)
{
    private const int Folders = 3;

    public static TheoryData<Database> Both => [Database.Sqlite, Database.Postgres];

    [Theory, MemberData(nameof(Both))]
    public Task Rounds_AHandful_KeepTheGuarantees(Database database) =>
        Run(database, new Random(20), rounds: 20, TimeSpan.FromMinutes(10));

    /// <summary>
    /// For <c>ORLEANS_CLUSTER_CAMPAIGN_MINUTES</c>, from <c>ORLEANS_CLUSTER_CAMPAIGN_SEED</c> or another seed each time.
    /// </summary>
    [Theory, MemberData(nameof(Both)), Trait("Category", "Long")]
    public Task Rounds_ForAGivenTime_KeepTheGuarantees(Database database)
    {
        var seed = Number("ORLEANS_CLUSTER_CAMPAIGN_SEED") ?? Random.Shared.Next();
        output.WriteLine($"Seed {seed}.");
        return Run(database, new Random(seed), int.MaxValue,
            TimeSpan.FromMinutes(Number("ORLEANS_CLUSTER_CAMPAIGN_MINUTES") ?? 5));
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;

    private async Task Run(Database database, Random seeds, int rounds, TimeSpan time)
    {
        var begun = Stopwatch.GetTimestamp();
        var done = 0;
        while (done < rounds && Stopwatch.GetElapsedTime(begun) < time)
        {
            var seed = seeds.Next();
            await using var world = new FaultWorld(await TestStorage.Create(database, postgres), new Random(seed));
            await world.Begin();
            var published = Enumerable.Range(0, Folders).Select(_ => new Dictionary<JobId, JobResult>()).ToList();
            for (var inWorld = 0; inWorld < 20 && done < rounds && Stopwatch.GetElapsedTime(begun) < time; inWorld++, done++)
            {
                var folder = world.Random.Next(Folders);
                await Run(seed, inWorld, new FaultRound(world, $"out-{folder}", published[folder]));
            }

            Assert.True(await world.LosesNothingWhenPutBack(), $"Seed {seed}: the janitor.");
        }

        output.WriteLine($"{done} rounds on {database}.");
    }

    private static async Task Run(int seed, int number, FaultRound round)
    {
        try
        {
            await round.Run();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException(
                $"Round {number} of seed {seed}:\n{string.Join('\n', round.Log)}\n{exception.Message}", exception);
        }
    }
}
