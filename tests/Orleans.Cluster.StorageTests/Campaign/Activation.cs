using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Jobs;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Jobs;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.StorageTests.Campaign;

/// <summary>
/// One of two activations of a job, looking when it is told to. Its publisher may stand still past the point of no return.
/// </summary>
internal sealed class Activation : IOutputPublisher
{
    public static readonly JobPlan Plan = new()
    {
        Query = "SELECT 1",
        Columns = [],
        Datasets = new Dictionary<string, PlannedDataset>(),
        Stages =
        [
            new StagePlan
            {
                Index = 0, Name = "convert", Query = "SELECT 1", Columns = [], Inputs = [],
                Output = new TaskOutput { Kind = OutputKind.Result },
            },
        ],
    };

    private readonly FaultWorld world;
    private readonly JobId id;
    private readonly JobRow row;
    private readonly JobPublishing publishing;
    private readonly PublishingTries tries = new();
    private readonly TaskCompletionSource thaw = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task running = Task.CompletedTask;

    public Activation(FaultWorld world, JobId id)
    {
        (this.world, this.id) = (world, id);
        var partitions = new JobPartitions(world.Checkpoints, new AdmissionCheck(null!, world.Clock)); // Asked of gangs only.
        row = new JobRow(id, world.Jobs, partitions, new ProgressBoard(), world.Clock, NullLogger.Instance);
        publishing = new JobPublishing(
            world.Jobs, world.Checkpoints, this, world.Cancelled, world, world.Clock, NullLogger<JobPublishing>.Instance);
    }

    /// <summary>Share of publishers that stand still right before they show.</summary>
    public double Freezes { get; set; }

    /// <summary>Whether its publisher stands still.</summary>
    public bool IsFrozen { get; private set; }

    public async Task Look()
    {
        var job = await row.Load(fresh: true);
        if (job.State.Phase.IsTerminal())
        {
            await Settle(job);
            return;
        }

        var tallies = await world.Checkpoints.Tally(id, default);
        await Decide(new Observed(new JobFacts
        {
            Now = world.Clock.GetUtcNow(),
            Decisions = job.State.Decisions,
            Plan = job.HasPlan || job.State.Stages.Count > 0 ? Plan : null,
            Tallies = tallies,
            Failed = await world.Checkpoints.ListFailed(id, default),
            RunningAttempts = tallies.Sum(tally => tally.Running),
            IsBusy = !running.IsCompleted && !IsFrozen,
        }));
    }

    public async Task Decide(JobEvent happened)
    {
        JobStep step;
        try
        {
            step = await row.Decide(() => happened);
        }
        catch (ClusterException)
        {
            return; // Refused: it has gone too far, or has ended.
        }

        if (step.Commands.Contains(JobCommand.Plan))
        {
            // Of a job that was cancelled nothing is left: it is planned anew.
            await Decide(new PlanMade(Plan, world.Clock.GetUtcNow()));
        }

        if (step.Commands.Contains(JobCommand.Publish) && running.IsCompleted)
        {
            running = Publish((await world.Jobs.Find(id, default))!);
            await Task.WhenAny(running, Frozen());
        }
    }

    /// <summary>Lets a publisher that stands still go on.</summary>
    public async Task Thaw()
    {
        thaw.TrySetResult();
        await running;
    }

    public async Task<PublishedOutput?> Publish(
        JobRecord job, JobPlan plan, IReadOnlyList<PartitionRecord> partitions, Func<Task<bool>> isWanted,
        CancellationToken cancellationToken) =>
        await world.Publisher.Publish(job, plan, partitions, async () =>
        {
            var wanted = await isWanted();
            if (wanted && world.Chance(Freezes) && !thaw.Task.IsCompleted)
            {
                IsFrozen = true;
                await thaw.Task;
                IsFrozen = false;
            }

            return wanted;
        }, cancellationToken);

    public Task Clear(JobRecord job, CancellationToken cancellationToken) => world.Publisher.Clear(job, cancellationToken);

    private async Task Publish(JobRecord job)
    {
        if (await publishing.Try(job, Plan, tries, default) is { } happened)
        {
            await Decide(happened);
        }
    }

    private Task Settle(JobRecord job) =>
        job.State.Phase is JobPhase.Failed or JobPhase.Cancelled ? Clear(job, default) : Task.CompletedTask;

    private async Task Frozen()
    {
        while (!IsFrozen && !running.IsCompleted)
        {
            await Task.Delay(1);
        }
    }
}
