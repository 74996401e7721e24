namespace Orleans.Cluster.EngineTests.Queries.Generated;

/// <summary>Seeded choices, and names that no other part of the query has.</summary>
internal sealed class Chance(int seed)
{
    private readonly Random random = new(seed);
    private int names;

    public bool OneIn(int count) => random.Next(count) == 0;

    public int Below(int count) => random.Next(count);

    public T Pick<T>(params IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    public string Name(string prefix) => $"{prefix}{++names}";

    /// <summary>Some of them, at least one, in their order.</summary>
    public IReadOnlyList<T> Some<T>(IReadOnlyList<T> all)
    {
        var chosen = all.Where(_ => OneIn(2)).ToList();
        return chosen.Count > 0 ? chosen : [Pick(all)];
    }

    /// <summary>So many made one after the other.</summary>
    public IReadOnlyList<T> Times<T>(int count, Func<T> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
