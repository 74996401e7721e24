using System.Text.Json;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning;

namespace Orleans.Cluster.Grains.Planning;

/// <summary>
/// Remembers what the engine said of SQL. Its answers depend on the arguments alone, a plan asks some twenty questions, and services submit
/// the same job over and over. Refusals are not remembered.
/// </summary>
internal sealed class RememberedSql(ISqlEngine engine) : ISqlEngine
{
    private const int MaxEntries = 4096;
    private const long MaxCharacters = 8_000_000;

    private readonly RecentValues<object> answers = new(MaxEntries, MaxCharacters);

    public Task<string> Parse(string sql, CancellationToken cancellationToken) =>
        Remember($"parse {sql}", () => engine.Parse(sql, cancellationToken), answer => answer.Length);

    public Task<string> Render(string tree, CancellationToken cancellationToken) =>
        Remember($"render {tree}", () => engine.Render(tree, cancellationToken), answer => answer.Length);

    public Task<IReadOnlyList<ColumnSchema>> Bind(
        IReadOnlyDictionary<string, IReadOnlyList<ColumnSchema>> tables, string sql, CancellationToken cancellationToken) => Remember(
        $"bind {JsonSerializer.Serialize(tables)} {sql}",
        () => engine.Bind(tables, sql, cancellationToken),
        answer => answer.Sum(column => column.Name.Length + column.Type.Length));

    private async Task<T> Remember<T>(string question, Func<Task<T>> ask, Func<T, long> length)
        where T : class
    {
        if (answers.Find(question) is T known)
        {
            return known;
        }

        var answer = await ask();
        answers.Add(question, answer, question.Length + length(answer));
        return answer;
    }
}
