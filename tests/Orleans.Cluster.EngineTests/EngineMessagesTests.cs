using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.EngineTests;

public sealed class EngineMessagesTests
{
    [Theory]
    [InlineData(
        "Binder Error: Referenced column \"nosuch\" not found in FROM clause!\nCandidate bindings: \"count\", \"tissue\"\n\nLINE "
        + "1: DESCRIBE SELECT nosuch FROM t\n                        ^",
        "There is no column \"nosuch\". The nearest: \"count\", \"tissue\".\n\nLINE 1: SELECT nosuch FROM t\n               ^")]
    [InlineData(
        "Catalog Error: Table with name tt does not exist!\nDid you mean \"t\"?\n\nLINE 1: DESCRIBE SELECT 1 FROM tt\n           "
        + "                    ^",
        "There is no table \"tt\". Name it in sources.\n\nLINE 1: SELECT 1 FROM tt\n                      ^")]
    [InlineData(
        "Binder Error: No function matches\n\nLINE 1: ... WHERE (nosuch > 1)\n                   ^",
        "No function matches\n\nLINE 1: ... WHERE (nosuch > 1)\n                   ^")]
    [InlineData(
        "Catalog Error: Type with name NUMBER does not exist!\nDid you mean \"main.BOOLEAN\"?",
        "There is no type NUMBER. Types are BIGINT, DOUBLE, DECIMAL(18,3), VARCHAR, BOOLEAN, DATE, TIMESTAMP and others.")]
    [InlineData("Parser Error: syntax error at or near \"SELEC\"", "syntax error at or near \"SELEC\"")]
    [InlineData("Out of Memory Error: failed to allocate", "Out of Memory Error: failed to allocate")]
    public void Plain_MessageOfTheEngine_SpeaksOfTheQueryAlone(string message, string expected)
    {
        Assert.Equal(expected, EngineMessages.Plain(message));
    }
}
