using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Processes;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class StartArgumentsTests
{
    [Theory]
    [InlineData("keyz")]
    [InlineData("start")]
    public void RefuseUnknownCommand_Word_IsNoGateway(string word)
    {
        var refusal = Assert.Throws<StartRefusedException>(() =>
            StartArguments.RefuseUnknownCommand([word, "--Cluster:Workers=1"]));

        Assert.StartsWith($"Unknown command '{word}'.", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("--Cluster:Workers", "2")]
    [InlineData("Cluster:Workers=2")]
    [InlineData("/Cluster:Workers=2")]
    public void RefuseUnknownCommand_Settings_Pass(params string[] args)
    {
        StartArguments.RefuseUnknownCommand(args);
        Assert.False(StartArguments.AsksForHelp(args));
    }

    [Fact]
    public void FindUnknownSettings_MisspeltKeys_AreNamedWithTheNearest()
    {
        var configuration = new ConfigurationBuilder()
            .AddCommandLine(
                ["--Cluster:Workes=2", "--Cluster:workers=2", "--Cluster:DataRoots:0=/data", "--Cluster:Tls:Certificate=x",
                    "--Urls=x"]).Build();

        Assert.Equal(
            ["Unknown setting Cluster:Workes. Did you mean 'Workers'?"], StartArguments.FindUnknownSettings(configuration));
    }
}
