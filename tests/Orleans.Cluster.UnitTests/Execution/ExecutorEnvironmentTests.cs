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

        Assert.Equal(["DOTNET_ROOT", "LC_ALL", "PATH"], environment.Keys.Order(StringComparer.Ordinal));
    }
}
