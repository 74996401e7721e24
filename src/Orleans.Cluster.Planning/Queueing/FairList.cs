using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Planning.Queueing;

/// <summary>
/// Jobs in the order of <see cref="FairOrder"/>, kept: a job that changes moves to its new place, and one that has waited for a
/// rise does so when that is over; the others stay where they are. A place is found by halving, so ten thousand jobs cost some
/// fourteen comparisons a change.
/// </summary>
/// <param name="rise">After this long a job that waits is one level higher.</param>
public sealed class FairList(TimeSpan rise)
{
    // Of places that are gone some are still in the heap of rises; above this share it is made anew.
    private const int StaleShare = 4;
    private const int LeastHeap = 1024;

    private readonly List<Place> places = [];
    private readonly Dictionary<JobId, Place> byJob = [];
    private PriorityQueue<Place, DateTimeOffset> rises = new();
    private DateTimeOffset now = DateTimeOffset.MinValue;

    private sealed record Place(
        JobId Job, JobPriority Priority, DateTimeOffset CreatedAt, DateTimeOffset WaitingSince, int Level);

    /// <summary>Number of jobs.</summary>
    public int Count => places.Count;

    /// <summary>Places that were compared since it was made; what it costs, whatever the machine.</summary>
    public long Comparisons { get; private set; }

    /// <summary>The job at a place, from 0.</summary>
    public JobId this[int index] => places[index].Job;

    /// <summary>The order of the job at a place, from 0.</summary>
    public FairKey KeyAt(int index) => new(places[index].Level, places[index].CreatedAt, places[index].Job);

    /// <summary>Whether a job is on the list.</summary>
    public bool Contains(JobId job) => byJob.ContainsKey(job);

    /// <summary>Puts a job where it belongs now, from wherever it was.</summary>
    public void Put(ActiveJob job, DateTimeOffset waitingSince)
    {
        ArgumentNullException.ThrowIfNull(job);
        Put(PlaceOf(job, waitingSince));
    }

    /// <summary>Takes a job off the list.</summary>
    public void Remove(JobId job)
    {
        if (byJob.Remove(job, out var place))
        {
            places.RemoveAt(Find(place));
        }
    }

    /// <summary>Lets the time pass: jobs whose next rise has come move up.</summary>
    public void Advance(DateTimeOffset to)
    {
        now = to > now ? to : now;
        while (rises.TryPeek(out var place, out var at) && at <= now)
        {
            rises.Dequeue();
            if (byJob.GetValueOrDefault(place.Job) is { } current && ReferenceEquals(current, place))
            {
                Put(place with { Level = FairOrder.Level(place.Priority, place.WaitingSince, now, rise) });
            }
        }
    }

    /// <summary>How many jobs are before one, whether it is on the list or not.</summary>
    public int CountBefore(ActiveJob job, DateTimeOffset waitingSince)
    {
        ArgumentNullException.ThrowIfNull(job);
        var index = Find(byJob.GetValueOrDefault(job.Id) ?? PlaceOf(job, waitingSince));
        return index < 0 ? ~index : index;
    }

    /// <summary>Where a job on the list is in its order; it stays a place between others when the job has left.</summary>
    public FairKey KeyOf(JobId job) => new(byJob[job].Level, byJob[job].CreatedAt, job);

    /// <summary>How many jobs are at a place or before it.</summary>
    public int CountUpTo(FairKey key)
    {
        var index = Find(new Place(key.Job, default, key.CreatedAt, default, key.Level));
        return index < 0 ? ~index : index + 1;
    }

    private Place PlaceOf(ActiveJob job, DateTimeOffset waitingSince) =>
        new(job.Id, job.Priority, job.CreatedAt, waitingSince, FairOrder.Level(job.Priority, waitingSince, now, rise));

    private void Put(Place place)
    {
        if (byJob.TryGetValue(place.Job, out var before))
        {
            if (before == place)
            {
                return;
            }

            places.RemoveAt(Find(before));
        }

        places.Insert(~Find(place), place);
        byJob[place.Job] = place;
        if (FairOrder.NextRise(place.Priority, place.WaitingSince, now, rise) is { } at)
        {
            rises.Enqueue(place, at);
            ForgetStaleRises();
        }
    }

    private void ForgetStaleRises()
    {
        if (rises.Count > LeastHeap && rises.Count > StaleShare * places.Count)
        {
            rises = new PriorityQueue<Place, DateTimeOffset>(
                from place in places
                let at = FairOrder.NextRise(place.Priority, place.WaitingSince, now, rise)
                where at is not null
                select (place, at.Value));
        }
    }

    // The index of a place, or the complement of where it belongs.
    private int Find(Place place)
    {
        var (low, high) = (0, places.Count - 1);
        while (low <= high)
        {
            var middle = low + ((high - low) / 2);
            var order = Compare(places[middle], place);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return ~low;
    }

    private int Compare(Place one, Place other)
    {
        Comparisons++;
        var order = other.Level.CompareTo(one.Level);
        order = order != 0 ? order : one.CreatedAt.CompareTo(other.CreatedAt);
        return order != 0 ? order : one.Job.CompareTo(other.Job);
    }
}
