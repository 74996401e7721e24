namespace Orleans.Cluster.Coordination.Ports;

/// <summary>
/// Turns at something that all callers share. Callers that wait take turns, whatever the number of their questions; one caller
/// holds only so many places, so that what it asks, however long it takes, leaves room for the others. Questions of one caller go
/// in their order.
/// </summary>
internal sealed class CallerTurns
{
    private readonly int places;
    private readonly int placesPerCaller;
    private readonly Lock gate = new();
    private readonly LinkedList<Caller> order = [];
    private readonly Dictionary<string, Caller> callers = new(StringComparer.Ordinal);
    private int free;

    /// <param name="places">Turns at a time.</param>
    /// <param name="placesPerCaller">
    /// Of them, those that one caller may hold; whoever has no name is the cluster's only caller and may hold all.
    /// </param>
    public CallerTurns(int places, int placesPerCaller)
    {
        this.places = free = places;
        this.placesPerCaller = Math.Max(1, placesPerCaller);
    }

    /// <summary>Waits for a turn; it is over when what is returned is disposed.</summary>
    public async Task<IDisposable> Enter(string? name, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            var caller = Find(name ?? "");
            caller.Waiting.AddLast(waiter);
            Grant();
        }

        await using var registration = cancellationToken.Register(() => Leave(waiter, name ?? "", cancellationToken));
        return await waiter.Task;
    }

    private Caller Find(string name)
    {
        if (!callers.TryGetValue(name, out var caller))
        {
            caller = new Caller(name, name.Length == 0 ? places : placesPerCaller);
            callers[name] = caller;
            order.AddLast(caller);
        }

        return caller;
    }

    // One round gives each caller at most one turn; who got one goes to the end.
    private void Grant()
    {
        for (var next = order.First; next is not null && free > 0;)
        {
            var caller = next.Value;
            if (caller.Waiting.First is not { } waiter || caller.Held >= caller.Most)
            {
                next = next.Next;
                continue;
            }

            caller.Waiting.RemoveFirst();
            (free, caller.Held) = (free - 1, caller.Held + 1);
            order.Remove(next);
            order.AddLast(next);
            waiter.Value.SetResult(new Turn(this, caller));
            next = order.First;
        }
    }

    private void Leave(TaskCompletionSource<IDisposable> waiter, string name, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            // Too late for one that has its turn already: whoever asked disposes of it.
            if (callers.TryGetValue(name, out var caller) && caller.Waiting.Remove(waiter))
            {
                Forget(caller);
                waiter.SetCanceled(cancellationToken);
            }
        }
    }

    private void GiveBack(Caller caller)
    {
        lock (gate)
        {
            (free, caller.Held) = (free + 1, caller.Held - 1);
            Forget(caller);
            Grant();
        }
    }

    // Names come and go; only those that wait or have a turn are known.
    private void Forget(Caller caller)
    {
        if (caller is { Held: 0, Waiting.Count: 0 } && callers.Remove(caller.Name))
        {
            order.Remove(caller);
        }
    }

    private sealed class Caller(string name, int most)
    {
        public string Name => name;

        public int Most => most;

        public int Held { get; set; }

        public LinkedList<TaskCompletionSource<IDisposable>> Waiting { get; } = [];
    }

    private sealed class Turn(CallerTurns turns, Caller caller) : IDisposable
    {
        private int isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isOver, 1) == 0)
            {
                turns.GiveBack(caller);
            }
        }
    }
}
