using Orleans.Cluster.Worker;

namespace Orleans.Cluster.UnitTests.Execution;

/// <summary>What of a silo's environment an executor gets.</summary>
public sealed class ExecutorEnvironmentTests
{
    [Fact]
    public void Clear_CredentialsOfTheSilo_AreGoneAndAllElseStays()
    {
        var environment = new Dictionary<string, string?>
        {
            ["PATH"] = "/bin", ["DOTNET_gcServer"] = "0", ["S3RVER"] = "x", ["AWS_SECRET_ACCESS_KEY"] = "x", ["AWS_WEB_IDENTITY_TOKEN_FILE"] = "x",
            ["S3__SecretAccessKey"] = "x", ["s3__accesskeyid"] = "x", ["DOTNET_S3__SecretAccessKey"] = "x", ["ConnectionStrings__Postgres"] = "x",
        };

        ExecutorEnvironment.Clear(environment);

        Assert.Equal(["DOTNET_gcServer", "PATH", "S3RVER"], environment.Keys.Order(StringComparer.Ordinal));
    }
}
