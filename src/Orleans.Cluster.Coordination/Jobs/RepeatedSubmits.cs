using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Settings;

namespace Orleans.Cluster.Coordination.Jobs;

/// <summary>
/// Submits of one idempotency key that come at once: the first does the work, the others wait for its answer and share it. The
/// database decides between gateways; this spares it, and the planner, a thousand repetitions of one request.
/// </summary>
internal sealed class RepeatedSubmits(IOptions<JobOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string? Owner, string Key), Flight> flights = new();

    /// <exception cref="ClusterException">
    /// <c>idempotency-key-reused</c> when the request at work is another one; <c>idempotency-in-flight</c> when it does not end
    /// in time.
    /// </exception>
    public async Task<JobStatus> Once(
        (string? Owner, string Key) key, string? requestHash, Func<Task<JobStatus>> submit, CancellationToken cancellationToken)
    {
        var mine = new Flight(requestHash);
        while (true)
        {
            var current = flights.GetOrAdd(key, mine);
            if (current == mine)
            {
                return await Lead(key, mine, submit);
            }

            if (current.RequestHash != requestHash)
            {
                throw new ClusterException(
                    Contracts.ProblemCode.IdempotencyKeyReused, $"The key '{key.Key}' is in use by another request.",
                    "Use a new key for a new request.");
            }

            if (await Follow(key.Key, current, cancellationToken) is { } status)
            {
                return status;
            }
        }
    }

    private async Task<JobStatus> Lead((string?, string) key, Flight mine, Func<Task<JobStatus>> submit)
    {
        try
        {
            var status = await submit();
            mine.Answer.SetResult(status);
            return status;
        }
        catch (ClusterException refusal)
        {
            mine.Refusal = refusal.Problem;
            throw;
        }
        finally
        {
            flights.TryRemove(KeyValuePair.Create(key, mine));
            mine.Answer.TrySetResult(null);
        }
    }

    // Null: the one at work gave up without an answer, because its client left or the database did. The next one tries.
    private async Task<JobStatus?> Follow(string key, Flight flight, CancellationToken cancellationToken)
    {
        try
        {
            var status = await flight.Answer.Task.WaitAsync(options.Value.RepeatPatience, clock, cancellationToken);
            return status is null && flight.Refusal is { } refusal ? throw new ClusterException(refusal) : status;
        }
        catch (TimeoutException)
        {
            throw new ClusterException(
                Contracts.ProblemCode.IdempotencyInFlight, $"A request with the key '{key}' is still being handled.",
                "Send it again in a moment.");
        }
    }

    private sealed class Flight(string? requestHash)
    {
        public string? RequestHash => requestHash;

        public TaskCompletionSource<JobStatus?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ProblemDocument? Refusal { get; set; }
    }
}
