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
    [InlineData(
        "Binder Error: No function matches the given name and argument types 'sum(VARCHAR)'. You might need to add explicit type "
        + "casts.\n\tCandidate functions:\n\tsum(DECIMAL) -> DECIMAL\n\tsum(BOOLEAN) -> HUGEINT\n\n\nLINE 1: DESCRIBE "
        + "SELECT sum(c) FROM t\n                        ^",
        "sum cannot be called with (VARCHAR). It takes: sum(DECIMAL), sum(BOOLEAN). Cast text to a number first: "
        + "TRY_CAST(column AS DOUBLE).\n\n\nLINE 1: SELECT sum(c) FROM t\n               ^")]
    [InlineData(
        "Binder Error: No function matches the given name and argument types '/(VARCHAR, INTEGER_LITERAL)'. You might need to "
        + "add explicit type casts.\n\tCandidate functions:\n\t/(FLOAT, FLOAT) -> FLOAT\n\t/(DOUBLE, DOUBLE) -> DOUBLE",
        "/ is not defined for VARCHAR and INTEGER. Cast text to a number first: TRY_CAST(column AS DOUBLE).")]
    [InlineData(
        "Binder Error: WHERE clause cannot contain aggregates!",
        "A condition of WHERE cannot have aggregates. Put it in HAVING.")]
    [InlineData(
        "Conversion Error: Could not convert string 'it''s' to INT32 when casting from source column txt",
        "'it''s' in column txt cannot be cast to INTEGER. TRY_CAST gives NULL for such values.")]
    [InlineData(
        "Out of Range Error: Overflow in addition of INT64 (1 + 9223372036854775807)!",
        "The result of addition (1 + 9223372036854775807) is too large for BIGINT. Cast to a wider type first, such as HUGEINT "
        + "or DOUBLE.")]
    [InlineData(
        "Invalid Input Error: Could not parse string \"BRCA1\" according to format specifier \"%Y\"\nBRCA1\n^\nError: Expected "
        + "a number",
        "The text \"BRCA1\" does not have the form \"%Y\". try_strptime gives NULL for such values.")]
    [InlineData("Invalid Input Error: missing ): (BRCA", "The regular expression is not valid: missing ): (BRCA.")]
    [InlineData(
        "Binder Error: Table \"a\" does not have a column named \"gnee\"\n\nCandidate bindings: : \"gene\", \"note\"",
        "Table \"a\" has no column \"gnee\". The nearest: \"gene\", \"note\".")]
    public void Plain_MessageOfTheEngine_SpeaksOfTheQueryAlone(string message, string expected)
    {
        Assert.Equal(expected, EngineMessages.Plain(message));
    }
}
