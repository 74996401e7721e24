namespace Orleans.Cluster.UnitTests.Queueing;

/// <summary>
/// Gangs and single tasks on workers that are killed and replaced at random, whose reports and orders arrive late, in any order
/// between workers, or not at all. The ledger is the product's; workers and the database are as small as they can be.
/// </summary>
public sealed class GangProperties
{
    [Fact]
    public void Gangs_RandomKillsAndOrdersOfMessages_BeginWholeAndAllEnd()
    {
        var worlds = Enumerable.Range(0, 150).Select(seed => new GangWorld(seed)).ToList();

        worlds.ForEach(world => world.Run(turbulentSteps: 300));

        for (var seed = 0; seed < worlds.Count; seed++)
        {
            Assert.True(worlds[seed].AllEnded, $"Seed {seed}: {worlds[seed]}");
            Assert.True(worlds[seed].NothingIsKept, $"Seed {seed} leaves slots taken: {worlds[seed]}");
        }

        // Only worlds in which these have happened say something.
        var (reserved, begun, givenBack) = (worlds.Sum(world => world.KillsWhileReserved),
            worlds.Sum(world => world.KillsWhileBegun), worlds.Sum(world => world.GivenBack));
        Assert.True(reserved > 10 && begun > 10
            && givenBack > 10,
            $"Killed while reserved {reserved} times, while begun {begun} times; {givenBack} attempts were given back.");
    }
}
