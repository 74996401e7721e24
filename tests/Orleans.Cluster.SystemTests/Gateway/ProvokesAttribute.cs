using System.Reflection;
using Xunit.v3;

namespace Orleans.Cluster.SystemTests.Gateway;

/// <summary>Error codes that a test has the product answer over real HTTP, or write into the status of a job.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProvokesAttribute(params string[] codes) : Attribute, ITraitAttribute
{
    public IReadOnlyList<string> Codes => codes;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [.. codes.Select(code => KeyValuePair.Create("Code", code))];
}

public sealed class ErrorCodeTests
{
    // A failure that nobody foresaw cannot be foreseen by a test either; whoever finds a way to provoke it has found a bug. A
    // full scratch folder is made beside one executor, in ScratchQuotaTests, and not yet below a whole cluster.
    private static readonly string[] Unprovoked = ["internal", "out-of-disk"];

    [Fact]
    public void Codes_AllOfThem_AreProvokedByATest()
    {
        var provoked = typeof(ErrorCodeTests).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .SelectMany(method => method.GetCustomAttribute<ProvokesAttribute>()?.Codes ?? [])
            .Distinct();

        Assert.Equal(Contracts.ProblemCode.All.Select(code => code.Word).Order(), provoked.Concat(Unprovoked).Order());
    }
}
