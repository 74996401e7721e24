using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Settings;

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
        StartArguments.RefuseFaults(args);
        Assert.False(StartArguments.AsksForHelp(args));
    }

    [Theory]
    [InlineData("Unknown option '--verbose'. See --help.", "--verbose")]
    [InlineData("Unknown option '-v'. See --help.", "--Cluster:Workers=2", "-v")]
    [InlineData("Unknown argument 'x'. Settings are written as --KEY=VALUE. See --help.", "--Cluster:Workers=2", "x")]
    [InlineData("--Urls needs a value.", "--Urls")]
    [InlineData("--Urls needs a value.", "--Urls", "--Cluster:Workers=2")]
    [InlineData("--Cluster:Workers needs a value.", "Cluster:Workers")]
    [InlineData("Unknown setting Cluster:Workes. Did you mean Cluster:Workers?", "--Cluster:Workes=2")]
    [InlineData("Unknown setting Cluster:Worker. Did you mean Cluster:Workers?", "--Cluster:Worker", "1")]
    [InlineData("Unknown setting Clustr:Workers. Did you mean Cluster:Workers?", "--Clustr:Workers=1")]
    [InlineData("Unknown setting Workers. Did you mean Cluster:Workers?", "Workers=2")]
    [InlineData("Unknown setting Cluster:LeaseDuration. Did you mean Queue:LeaseDuration?", "--Cluster:LeaseDuration=00:00:15")]
    [InlineData("Unknown setting Scaling:Kubernets:Name. Did you mean Scaling:Kubernetes:Name?", "--Scaling:Kubernets:Name=x")]
    [InlineData("Unknown setting Url. Did you mean Urls?", "--Url=http://127.0.0.1:8001")]
    [InlineData("Unknown setting ConnectionStrings:Postgre. Did you mean ConnectionStrings:Postgres?",
        "--ConnectionStrings:Postgre=Host=db")]
    [InlineData("Unknown setting Cluster:Colour. SETTINGS.md lists them all.", "--Cluster:Colour=red")]
    [InlineData("Cluster:DataRoots is a list. Write Cluster:DataRoots:0=/data.", "--Cluster:DataRoots=/data")]
    [InlineData("Cluster:Workers has one value. Write Cluster:Workers=2.", "--Cluster:Workers:0=2")]
    [InlineData("Queue is a section. Write one of its settings, such as Queue:LeaseDuration=VALUE.", "--Queue=2")]
    [InlineData("--to needs a value.", "backup", "--to")]
    [InlineData("Unknown option '--too'. See --help.", "backup", "--too", "/backups/monday")]
    public void RefuseFaults_WhatNothingReads_IsNamedWithTheNearest(string expected, params string[] args)
    {
        var refusal = Assert.Throws<StartRefusedException>(() => StartArguments.RefuseFaults(args));

        Assert.Equal((expected, true), (refusal.Message, refusal.IsUsage));
    }

    [Theory]
    [InlineData("--Logging:LogLevel:Default=Debug", "--Kestrel:Endpoints:Main:Url=http://127.0.0.1:8001", "--environment=Test")]
    [InlineData("--cluster:workers=2", "--Cluster:DataRoots:0=/data", "--Cluster:Tls:Certificate=x", "--Cluster:Epoch=3")]
    [InlineData("--Cluster:DefaultSource:Path:0=x.csv", "--Cluster:DefaultSource:Options:Columns:gene=VARCHAR")]
    [InlineData("--Gateway:Jwt:Audience=cluster", "--ConnectionStrings:Postgres=Host=db", "--ConnectionStrings:Reports=x")]
    [InlineData("keys", "create", "--name", "nightly", "--role", "SUBMITTER", "--Cluster:StateDirectory=/state")]
    [InlineData("keys", "revoke", "k-1", "--Cluster:StateDirectory", "/state")]
    [InlineData("backup", "--to", "/backups/monday", "--Cluster:StateDirectory=/state")]
    [InlineData("audit", "verify", "--kept", "12:ab")]
    [InlineData("keys")]
    public void RefuseFaults_WhatIsRead_Passes(params string[] args) => StartArguments.RefuseFaults(args);

    // The environment holds what other programs read, and files may be those of a later version.
    [Fact]
    public void FindUnknown_OfFilesAndVariables_NamesWhatLooksLikeOurs()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["Cluster:Workes"] = "2", ["Clustr:Workers"] = "2", ["Cluster:Workers"] = "2", ["Queue"] = "mail",
                ["HOME"] = "/root", ["Mail:Timeout"] = "5", ["WORKERS"] = "3", ["Urls"] = "x", ["Worker:Pool"] = "x",
            }).Build();

        Assert.Equal(
            [
                "Unknown setting Cluster:Workes. Did you mean Cluster:Workers?",
                "Unknown setting Clustr:Workers. Did you mean Cluster:Workers?",
                "Unknown setting Worker:Pool. SETTINGS.md lists them all.",
            ],
            SettingNames.FindUnknown(configuration));
    }
}
