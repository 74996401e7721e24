using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

public sealed class ExecutorEnvironmentTests
{
    [Fact]
    public void Apply_EnvironmentOfASilo_LeavesWhatARuntimeNeeds()
    {
        var environment = new Dictionary<string, string?>
        {
            ["PATH"] = "/usr/bin", ["LC_ALL"] =
                "C.UTF-8", ["DOTNET_ROOT"] = "/dotnet", ["ConnectionStrings__Postgres"] = "Password=p",
            ["Gateway__SessionKey"] = "k", ["DOTNET_Gateway__Jwt__SigningKey"] = "k", ["AWS_SECRET_ACCESS_KEY"] = "k",
            ["PGPASSWORD"] = "p", ["DOTNET_URLS"] = "u",
        };

        ExecutorEnvironment.Apply(environment);

        Assert.Equal(["DOTNET_ROOT", "LC_ALL", "MALLOC_ARENA_MAX", "PATH"], environment.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(null, "2")]
    [InlineData("7", "7")]
    public void Apply_ArenasOfTheAllocator_AreBounded(string? given, string arenas)
    {
        var environment = new Dictionary<string, string?>();
        if (given is not null)
        {
            environment["MALLOC_ARENA_MAX"] = given;
        }

        ExecutorEnvironment.Apply(environment);

        Assert.Equal(arenas, environment["MALLOC_ARENA_MAX"]);
    }
}
