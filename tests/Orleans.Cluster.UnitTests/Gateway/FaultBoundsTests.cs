using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>However much of a request is wrong, the answer stays small.</summary>
public sealed class FaultBoundsTests
{
    private const int MostBytes = 200_000;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(100, 100)]
    [InlineData(101, 100)]
    [InlineData(50_000, 100)]
    public void Of_ManyFaults_TellsTheFirstAndCountsTheOthers(int found, int told)
    {
        var faults = Enumerable.Range(0, found).Select(n => new Fault($"/parameters/columns/{n}", "column-not-found", $"{n}"))
            .ToList();

        var errors = ProblemDocument.Of(ProblemCode.ColumnNotFound, "detail", errors: faults).Errors!;

        Assert.Equal(told, errors.Count);
        Assert.Equal(faults.Take(found == told ? told : told - 1), errors.Where(fault => fault.Code == "column-not-found"));
        Assert.Equal(
            found == told ? [] : [$"{found - 99} more faults are not listed."],
            errors.Where(fault => fault.Code == "too-many-faults").Select(fault => fault.Detail));
    }

    [Fact]
    public void Of_LongTexts_AreCutAndSayHowLongTheyAre()
    {
        var text = new string('x', 4_000_000);
        var faults = Enumerable.Range(0, 50_000).Select(_ => new Fault(text, "column-not-found", text)).ToList();

        var problem = ProblemDocument.Of(ProblemCode.ColumnNotFound, text, errors: faults);

        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(problem).Length, 1, MostBytes);
        Assert.EndsWith("xxx... (4000000 characters)", problem.Errors![0].Detail, StringComparison.Ordinal);
        Assert.EndsWith("xxx... (4000000 characters)", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_CutWouldSplitACharacter_CutsBeforeIt()
    {
        var text = new string('x', 999) + "😀" + new string('x', 10);

        var problem = ProblemDocument.Of(ProblemCode.ColumnNotFound, "detail", errors: [new Fault("", "c", text)]);

        Assert.Equal(new string('x', 999) + "... (1011 characters)", problem.Errors![0].Detail);
    }
}
