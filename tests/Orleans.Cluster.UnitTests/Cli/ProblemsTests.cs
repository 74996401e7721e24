using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Contracts;
using Code = Orleans.Cluster.Contracts.ProblemCode;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class ProblemsTests
{
    [Fact]
    public void Lines_OneFaultThatTheDetailTells_IsToldOnce()
    {
        var problem = ProblemDocument.Of(
            Code.DatasetNotFound, "There is no file 'a.csv'.",
            errors: [new Fault("/source/path", "dataset-not-found", "There is no file 'a.csv'.")]);

        Assert.Equal(["There is no file 'a.csv'. (dataset-not-found)"], Problems.Lines(problem with { TraceId = "06bf" }));
    }

    [Fact]
    public void Lines_AQuerysError_HasItsMarkAlone()
    {
        Assert.Equal(
            ["No column x. (query-invalid)", "LINE 1: SELECT x", "               ^"],
            Problems.Lines(ProblemDocument.Of(Code.QueryInvalid, "No column x.\n\nLINE 1: SELECT x\n               ^")));
    }

    [Fact]
    public void Lines_SeveralFaults_AreALineEach()
    {
        var problem = ProblemDocument.Of(
            Code.ValidationFailed, "2 faults; the first: /a: One.", "Mend them.",
            [new Fault("/a", "required", "One."), new Fault("", "conflict", "Two.")]);

        Assert.Equal(
            ["The request does not have the right form. (validation-failed)", "  /a: One. (required)", "  /: Two. (conflict)",
                "Hint: Mend them."],
            Problems.Lines(problem));
    }

    [Fact]
    public void Lines_WhatNobodyForesaw_HasItsTrace()
    {
        Assert.Equal(
            ["It failed. (internal)", "Trace: 06bf"],
            Problems.Lines(ProblemDocument.Of(Code.Internal, "It failed.") with { TraceId = "06bf" }));
    }

    [Fact]
    public void Lines_NoKey_SaysHowToGiveOne()
    {
        Assert.Contains(
            "ORLEANS_CLUSTER_API_KEY", Problems.Lines(ProblemDocument.Of(Code.Unauthenticated, "A key is needed.")).Last(),
            StringComparison.Ordinal);
    }
}
