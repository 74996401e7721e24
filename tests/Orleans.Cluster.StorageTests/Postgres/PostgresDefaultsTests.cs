using Npgsql;
using Orleans.Cluster.Storage;

namespace Orleans.Cluster.StorageTests.Postgres;

/// <summary>Settings of connections that a connection string leaves open, and those that it does not.</summary>
public sealed class PostgresDefaultsTests
{
    [Fact]
    public void WithDefaults_StringThatNamesTheServerAlone_GetsThem()
    {
        var full = new NpgsqlConnectionStringBuilder(PostgresDatabase.WithDefaults("Host=db;Username=u"));

        Assert.Equal((5, 20, 20, 100), (full.Timeout, full.CommandTimeout, full.MaxPoolSize, full.MaxAutoPrepare));
        Assert.Equal("Orleans.Cluster", full.ApplicationName);
        Assert.Equal("-c idle_in_transaction_session_timeout=10000 -c lock_timeout=10000", full.Options);
    }

    [Theory]
    [InlineData("-c lock_timeout=5s", "-c lock_timeout=5s -c idle_in_transaction_session_timeout=10000")]
    [InlineData("-c deadlock_timeout=5s",
        "-c deadlock_timeout=5s -c idle_in_transaction_session_timeout=10000 -c lock_timeout=10000")]
    public void WithDefaults_OptionsThatAreGiven_StayAndOthersAreAdded(string given, string expected)
    {
        var full = new NpgsqlConnectionStringBuilder(PostgresDatabase.WithDefaults($"Host=db;Username=u;Options={given}"));

        Assert.Equal(expected, full.Options);
    }

    [Theory]
    [InlineData("Maximum Pool Size=100;Timeout=15;Command Timeout=30;Max Auto Prepare=0")]
    [InlineData("MaxPoolSize=100;Timeout=15;CommandTimeout=30;MaxAutoPrepare=0")]
    public void WithDefaults_SettingsThatAreGiven_Stay(string given)
    {
        var full = new NpgsqlConnectionStringBuilder(PostgresDatabase.WithDefaults($"Host=db;Username=u;{given}"));

        Assert.Equal((15, 30, 100, 0), (full.Timeout, full.CommandTimeout, full.MaxPoolSize, full.MaxAutoPrepare));
    }
}
