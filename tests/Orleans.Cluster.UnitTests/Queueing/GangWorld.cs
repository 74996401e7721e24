using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

/// <summary>
/// A queue with its workers and a table of partitions, driven by a seed. Time passes a tenth of a second a step.
/// </summary>
internal sealed class GangWorld
{
    private const int Slots = 2;
    private const int Workers = 3;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private static readonly ResourceRequest OneTask = new() { MemoryBytes = 1 };
    private static readonly GangBounds Bounds = new(
        Turn: TimeSpan.FromSeconds(3), Confirmation: TimeSpan.FromSeconds(1), Replacement: TimeSpan.FromMilliseconds(200));

    private readonly Random random;
    private readonly QueueLedger ledger = new(TimeSpan.FromMinutes(1), Bounds);
    private readonly List<Worker> workers = [];
    private readonly List<Job> jobs = [];
    private readonly Dictionary<WorkerId, (Report Last, bool Held)> desk = [];
    private DateTimeOffset now = Start;
    private int born;

    public GangWorld(int seed)
    {
        random = new Random(seed);
        for (var i = 0; i < Workers; i++)
        {
            workers.Add(Born());
        }

        for (var i = 0; i < 6; i++)
        {
            jobs.Add(new Job(
                JobId.Parse($"01JD{i:0000000000000000000000}"), Gang: i % 3 != 2,
                Enumerable.Range(0, random.Next(1, (Slots * Workers) + 1)).Select(_ => new Partition()).ToList()));
        }
    }

    public int KillsWhileReserved { get; private set; }

    public int KillsWhileBegun { get; private set; }

    public int GivenBack { get; private set; }

    public bool AllEnded => jobs.All(job => job.Partitions.All(partition => partition.State == PartitionStep.Committed));

    public bool NothingIsKept =>
        workers.All(worker => worker.Book.IsEmpty && worker.Running.Count == 0 && worker.Room.Busy.Slots == 0);

    /// <summary>Some time of kills and lost messages, then quiet until all has ended or it should have long ago.</summary>
    public void Run(int turbulentSteps)
    {
        for (var i = 0; i < turbulentSteps; i++)
        {
            Advance(turbulent: true);
        }

        for (var i = 0; i < 3000 && !(AllEnded && NothingIsKept); i++)
        {
            Advance(turbulent: false);
        }
    }

    public override string ToString() => string.Join("; ", jobs.Select(job =>
        $"{(job.Gang ? "gang" : "job")} {string.Join(",", job.Partitions.Select(partition => partition.State))}"))
        + $" workers {string.Join(", ", workers.Select(Of))}";

    private static string Of(Worker worker) => $"{worker.Id} busy {worker.Room.Busy.Slots} running {worker.Running.Count}";

    private void Advance(bool turbulent)
    {
        now += Step;
        foreach (var worker in workers.OrderBy(_ => random.Next()).ToList())
        {
            Act(worker, turbulent);
        }

        if (turbulent && random.Next(15) == 0)
        {
            Kill(workers[random.Next(workers.Count)]);
        }

        if (random.Next(4) == 0)
        {
            ledger.Refresh([.. jobs.Select(Describe).OfType<ActiveJob>()]);
        }

        ledger.ReviewGangs(now);
        Attend(turbulent);
    }

    // The queue's turn: begin what can begin, answer reports that are held.
    private void Attend(bool turbulent)
    {
        foreach (var gang in ledger.TakeGangsToBegin())
        {
            Begin(gang, answerIsLost: turbulent && random.Next(20) == 0);
        }

        foreach (var id in desk.Where(pair => now - pair.Value.Last.At > Lease).Select(pair => pair.Key).ToList())
        {
            desk.Remove(id);
            ledger.Remove(id);
            foreach (var partition in jobs.SelectMany(job => job.Partitions)
                .Where(partition => partition.Worker == id && partition.State == PartitionStep.Running))
            {
                partition.State = PartitionStep.Waiting;
            }
        }

        foreach (var (id, (report, held)) in desk.ToList())
        {
            if (held && ledger.OrdersFor(id, report.Held, report.Running) is { IsEmpty: false } gangOrders)
            {
                Answer(id, report, new Orders([], gangOrders), turbulent);
            }
        }

        var waiting = desk.Where(pair => pair.Value.Held).Select(pair => pair.Key).ToList();
        foreach (var group in ledger.Grant(waiting, now).GroupBy(grant => grant.Match.Worker))
        {
            Answer(group.Key, desk[group.Key].Last, new Orders([.. group], new GangOrders([], [], [])), turbulent);
        }

        foreach (var (id, (report, held)) in desk.ToList())
        {
            if (held && now - report.At > TimeSpan.FromSeconds(1))
            {
                Answer(id, report, new Orders([], new GangOrders([], [], [])), turbulent);
            }
        }
    }

    private void Answer(WorkerId id, Report report, Orders orders, bool turbulent)
    {
        desk[id] = (report, false);
        if (turbulent && random.Next(15) == 0)
        {
            return; // Lost on its way; the worker asks again after a time-out.
        }

        workers.Find(worker => worker.Id == id)?.Inbox.Enqueue((report.Sequence, orders, now + (Step * random.Next(0, 4))));
    }

    private void Begin(GangBegin gang, bool answerIsLost)
    {
        var job = jobs.Single(job => job.Id == gang.Job);
        var ready = job.Partitions.Where(partition => partition.State == PartitionStep.Waiting).ToList();
        if (ready.Count < gang.Workers.Sum(part => part.Count))
        {
            ledger.GangRefused(gang.Number);
            return;
        }

        // All of it or nothing: what waits is all that has not ended, since none of a gang runs when it begins.
        Assert.Equal(
            job.Partitions.Count(partition => partition.State != PartitionStep.Committed), gang.Workers.Sum(part => part.Count));
        var next = new Queue<Partition>(ready);
        var begun = new List<(WorkerId, AttemptId)>();
        foreach (var (worker, count) in gang.Workers)
        {
            for (var i = 0; i < count; i++)
            {
                begun.Add((worker, Take(job, next.Dequeue(), worker)));
            }
        }

        if (answerIsLost)
        {
            ledger.GangRefused(gang.Number);
        }
        else
        {
            ledger.GangBegun(gang.Number, begun);
        }
    }

    private AttemptId Take(Job job, Partition partition, WorkerId worker)
    {
        (partition.State, partition.Worker, partition.BegunAt) = (PartitionStep.Running, worker, now);
        partition.Attempt++;
        return new AttemptId(new TaskId(job.Id, 0, job.Partitions.IndexOf(partition)), partition.Attempt);
    }

    private void Act(Worker worker, bool turbulent)
    {
        while (worker.Inbox.TryPeek(out var letter) && letter.Arrives <= now)
        {
            worker.Inbox.Dequeue();
            Follow(worker, letter.Orders);
            worker.End(letter.Report);
        }

        while (worker.Beginning.TryPeek(out var grant) && grant.At <= now)
        {
            worker.Beginning.Dequeue();
            BeginSingles(worker, grant.Number, grant.Match, grant.Reserved);
        }

        foreach (var attempt in worker.Running.Where(_ => random.Next(12) == 0).ToList())
        {
            worker.Stop(attempt);
            if (IsMine(worker, attempt, out var partition))
            {
                partition.State = PartitionStep.Committed;
            }
        }

        // What the table says that it runs and it does not is given back in time.
        foreach (var partition in jobs.SelectMany(job => job.Partitions.Select((partition, index) => (job, partition, index)))
            .Where(item => item.partition.Worker == worker.Id && item.partition.State == PartitionStep.Running
                && now - item.partition.BegunAt > TimeSpan.FromSeconds(2))
            .Where(item =>
                !worker.Running.Contains(new AttemptId(new TaskId(item.job.Id, 0, item.index), item.partition.Attempt)))
            .Where(_ => worker.Book.IsEmpty).Select(item => item.partition))
        {
            partition.State = PartitionStep.Waiting;
        }

        foreach (var report in worker.SentAt.Where(report => now - report.Value > TimeSpan.FromSeconds(1.5))
            .Select(report => report.Key).ToList())
        {
            worker.End(report);
        }

        if (worker.SentAt.Count == 0 || (turbulent && random.Next(6) == 0))
        {
            Send(worker);
        }
    }

    private void Send(Worker worker)
    {
        var grants = worker.Book.BeginReport(described => described);
        var busy = worker.Room.Busy.Slots;
        Assert.True(busy <= Slots, $"{worker.Id} has {busy} tasks on {Slots} slots.");
        Assert.True(worker.Running.Count <= busy,
            $"{worker.Id} runs {worker.Running.Count} tasks on {busy} slots that it has taken.");
        var report = new Report(grants.Number, now, grants.Held, [.. worker.Running]);
        worker.SentAt[report.Sequence] = now;
        desk[worker.Id] = (report, true);
        ledger.Report(
            new WorkerSnapshot(worker.Id, Slots, 100, 0, Slots - busy, 100, 0, false, null), report.Sequence, grants.Open,
            grants.Unanswered, grants.Held);
    }

    private void Follow(Worker worker, Orders orders)
    {
        foreach (var part in orders.Gangs.Drop)
        {
            worker.Book.Drop(part);
        }

        foreach (var (number, attempts) in orders.Gangs.Go)
        {
            Go(worker, number, attempts);
        }

        foreach (var attempt in orders.Gangs.GiveBack.Where(attempt => worker.Stop(attempt) && IsMine(worker, attempt, out _)))
        {
            Find(attempt).State = PartitionStep.Waiting;
            GivenBack++;
        }

        foreach (var (number, match) in orders.Grants)
        {
            if (worker.Book.Open(number, match) is > 0 and var reserved && !match.Together)
            {
                worker.Beginning.Enqueue((number, match, reserved, now + (Step * random.Next(0, 3))));
            }
        }
    }

    private void Go(Worker worker, long number, IReadOnlyList<AttemptId> attempts)
    {
        var (begins, isKnown) = worker.Book.Go(number);
        var mine = attempts.Where(attempt => !worker.Running.Contains(attempt) && IsMine(worker, attempt, out _)).ToList();
        if (begins is not null)
        {
            worker.Running.AddRange(mine);
            worker.Book.Close(number, begins.Count - mine.Count);
        }
        else if (!isKnown)
        {
            mine.ForEach(attempt => Find(attempt).State = PartitionStep.Waiting);
        }
    }

    private void BeginSingles(Worker worker, long number, Match match, int reserved)
    {
        var job = jobs.Single(job => job.Id == match.Job);
        var ready = job.Partitions.Where(partition => partition.State == PartitionStep.Waiting).Take(reserved).ToList();
        foreach (var partition in ready)
        {
            // A member of a gang begins alone only in the place of one that was lost.
            Assert.True(!job.Gang || job.Partitions.Exists(other => other.Attempt > 0), "A member of a gang began alone.");
            worker.Running.Add(Take(job, partition, worker.Id));
        }

        worker.Book.Close(number, reserved - ready.Count);
    }

    private void Kill(Worker worker)
    {
        KillsWhileReserved += !worker.Book.IsEmpty && !worker.Book.IsBeginning ? 1 : 0;
        KillsWhileBegun += jobs.Where(job => job.Gang).SelectMany(job => job.Partitions).Any(partition =>
            partition.State == PartitionStep.Running && partition.Worker == worker.Id
            && worker.Running.TrueForAll(attempt => Find(attempt) != partition)) ? 1 : 0;
        workers.Remove(worker);
        workers.Add(Born());
    }

    private Worker Born() => new(new WorkerId($"w{born++}"));

    private Partition Find(AttemptId attempt) =>
        jobs.Single(job => job.Id == attempt.Task.Job).Partitions[attempt.Task.Partition];

    private bool IsMine(Worker worker, AttemptId attempt, out Partition partition)
    {
        partition = Find(attempt);
        return partition.State == PartitionStep.Running && partition.Worker == worker.Id && partition.Attempt == attempt.Number;
    }

    private static ActiveJob? Describe(Job job) =>
        job.Partitions.TrueForAll(partition => partition.State == PartitionStep.Committed)
        ? null
        : new ActiveJob(
            job.Id, JobPhase.Running, JobPriority.Normal, 1, Start, OneTask, job.Gang, [], null,
            [new StageBacklog(
                0, job.Partitions.Count(partition => partition.State == PartitionStep.Waiting), 0,
                job.Partitions.Count(partition => partition.State == PartitionStep.Running), null)]);

    private enum PartitionStep { Waiting, Running, Committed }

    private sealed class Partition
    {
        public PartitionStep State { get; set; }

        public WorkerId Worker { get; set; }

        public int Attempt { get; set; }

        public DateTimeOffset BegunAt { get; set; }
    }

    private sealed record Job(JobId Id, bool Gang, List<Partition> Partitions);

    private sealed record Report(long Sequence, DateTimeOffset At, IReadOnlyList<long> Held, IReadOnlyList<AttemptId> Running);

    private sealed record Orders(IReadOnlyList<(long Number, Match Match)> Grants, GangOrders Gangs);

    // What a worker does around its book: attempts that run, letters on their way, grants that take a moment to begin.
    private sealed class Worker
    {
        public Worker(WorkerId id)
        {
            Id = id;
            Book = new GrantBook(Room);
        }

        public WorkerId Id { get; }

        public WorkerRoom Room { get; } = new(Slots, memoryBytes: 100, gpus: 0);

        public GrantBook Book { get; }

        public List<AttemptId> Running { get; } = [];

        public Dictionary<long, DateTimeOffset> SentAt { get; } = [];

        public Queue<(long Number, Match Match, int Reserved, DateTimeOffset At)> Beginning { get; } = new();

        public Queue<(long Report, Orders Orders, DateTimeOffset Arrives)> Inbox { get; } = new();

        public void End(long report)
        {
            SentAt.Remove(report);
            Book.EndReport(report);
        }

        public bool Stop(AttemptId attempt)
        {
            if (!Running.Remove(attempt))
            {
                return false;
            }

            Room.Release(OneTask, 1);
            return true;
        }
    }
}
