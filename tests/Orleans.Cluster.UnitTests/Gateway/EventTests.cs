using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Metrics;
using Orleans.Cluster.Gateway.Jobs;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>What streams of events tell, without a stream.</summary>
public sealed class EventTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly JobId Job = JobId.New();

    [Fact]
    public void Next_ChangedStates_NamesRunsOfThemAndThenNothing()
    {
        var deltas = new PartitionDeltas();

        Assert.Equal([(0, "RRWW")], Runs(deltas.Next(Job, Summary("RRWW"))));
        Assert.Equal([(0, "C"), (2, "RR")], Runs(deltas.Next(Job, Summary("CRRR"))));
        Assert.Null(deltas.Next(Job, Summary("CRRR")));
        Assert.Equal([(4, "W")], Runs(deltas.Next(Job, Summary("CRRRW"))));
    }

    [Fact]
    public void Since_JobsOfTwoOwners_TellsEachItsOwnChanges()
    {
        var (mine, theirs) = (Status(revision: 1), Status(revision: 1));
        var before = new ClusterPicture(Now, [(mine, "me"), (theirs, "they")], [], []);
        var changed = new ClusterPicture(
            Now.AddSeconds(1), [(mine with { Revision = 2 }, "me"), (theirs with { Revision = 2 }, "they")], [], []);

        Assert.Equal([("job", mine.Id)], changed.Since(before, "me").Select(each => (each.Name, ((JobStatus)each.Document).Id)));
        Assert.Equal(2, changed.Since(before, owner: null).Count());
        Assert.Empty(changed.Since(changed, owner: null));
    }

    [Fact]
    public void From_ATime_TellsWhatGoesOnAndWhatHasEndedSince()
    {
        var (running, old, fresh) = (Status(1), Status(1) with { FinishedAt = Now.AddMinutes(-5) },
            Status(1) with { FinishedAt = Now });
        var picture = new ClusterPicture(
            Now, [(running, null), (old, null), (fresh, null)], [],
            [new ScalingDecision(Now.AddHours(-1), 1, 2, "load"), new ScalingDecision(Now, 2, 3, "load")]);

        var told = picture.From(Now.AddSeconds(-10), owner: null).ToList();

        Assert.Equal(
            [running.Id, fresh.Id], told.Where(each => each.Name == "job").Select(each => ((JobStatus)each.Document).Id));
        Assert.Equal(3, Assert.IsType<ScalingDecision>(Assert.Single(told, each => each.Name == "decision").Document).To);
    }

    [Fact]
    public void Split_FiguresOfASample_PartsWorkersFromTheCluster()
    {
        var figures = new Dictionary<string, double> { ["slots"] = 3, ["worker/w-1/slots"] = 1, ["worker/w-2/slots"] = 2,
            ["worker/w-2/cpu"] = 0.5 };

        Assert.Equal(["slots"], WorkerFigures.WithoutThem(figures).Keys);
        Assert.Equal(
            [("w-1", 1, "1"), ("w-2", 2, "2,0.5")],
            WorkerFigures.Split(figures).Select(worker => (
                worker.Id, worker.Figures.Count,
                string.Join(',',
                    worker.Figures.Values.Select(value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))))));
    }

    private static IEnumerable<(int, string)> Runs(PartitionsEvent? changes) =>
        changes!.Stages.Single().Runs.Select(run => (run.From, run.States));

    private static PartitionSummary Summary(string states) => new(1, [new StageSummary(0, states, [], [], [], 0, 0)]);

    private static JobStatus Status(long revision) => new()
    {
        Id = JobId.New(), Operation = OperationKind.Sql, Priority = JobPriority.Normal, Phase = JobPhase.Running,
        Revision = revision, CreatedAt = Now,
        Progress = new JobProgress(), Links = JobLinks.Of(Job),
    };
}
