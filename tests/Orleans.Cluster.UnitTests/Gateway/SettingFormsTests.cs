using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Settings;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>What is wrong with a value is known, and said once, before anything is built.</summary>
public sealed class SettingFormsTests
{
    [Theory]
    [InlineData("Cluster:Workers", "2x", "Setting Cluster:Workers cannot be '2x'. It is a whole number from 0 to 32.")]
    [InlineData("Cluster:Workers", "99", "Setting Cluster:Workers cannot be '99'. It is a whole number from 0 to 32.")]
    [InlineData("Queue:LeaseDuration", "15s",
        "Setting Queue:LeaseDuration cannot be '15s'. It is a time from 00:00:05 to 00:10:00, written as 00:00:30.")]
    [InlineData("Worker:MostPausedShare", "2", "Setting Worker:MostPausedShare cannot be '2'. It is a number from 0.05 to 1.")]
    [InlineData("cluster:role", "Wroker",
        "Setting Cluster:Role cannot be 'Wroker'. It is Gateway or Worker. Did you mean 'Worker'?")]
    [InlineData("Cluster:Role", "7", "Setting Cluster:Role cannot be '7'. It is Gateway or Worker.")]
    [InlineData("S3:PathStyle", "yes", "Setting S3:PathStyle cannot be 'yes'. It is true or false.")]
    [InlineData("Cluster:OutputFileMode", "999",
        "Setting Cluster:OutputFileMode cannot be '999'. It is a mode in octal that lets its owner read, such as 0644 or 0640.")]
    [InlineData("Cluster:DataRoots", "/data", "Cluster:DataRoots is a list. Write Cluster:DataRoots:0=/data.")]
    [InlineData("Gateway:SessionKey", "abc",
        "Gateway:SessionKey must be 32 bytes in base64, such as 'openssl rand -base64 32' prints.")]
    [InlineData("Gateway:Jwt:Authority", "login",
        "Gateway:Jwt:Audience is missing: set it to the audience that a token must name.",
        "Gateway:Jwt:Authority is 'login', and must be an https address, such as https://login.example.org.")]
    public void FindFaults_OfOneSetting_AreSentences(string key, string value, params string[] expected) =>
        Assert.Equal(expected, Faults((key, value)));

    [Fact]
    public void FindFaults_TwoThatContradictEachOther_AreNamedOnce() => Assert.Equal(
        [
            "Queue:ExecutorDeadline (00:00:10) must be below Queue:LeaseDuration (00:00:05): otherwise a frozen worker's "
            + "executor would still run when its partition is given to another.",
        ],
        Faults(("Queue:LeaseDuration", "00:00:05"), ("Queue:ExecutorDeadline", "00:00:10")));

    [Theory]
    [InlineData("Cluster:GpusPerWorker", "")]
    [InlineData("Cluster:DataRoots", "")]
    [InlineData("Queue", "a variable of another program")]
    [InlineData("Scaling:DockerEndpoint", "")]
    [InlineData("Scaling:Kubernetes:KubeConfig", "/not/there, and not asked for")]
    public void FindFaults_WhatIsNoFault_IsNone(string key, string value) => Assert.Empty(Faults((key, value)));

    // A worker's machine need not have what its gateway's has.
    [Fact]
    public void FindFaults_OfGatewaysSections_AreNoneOfAWorkers() =>
        Assert.Empty(Faults(SiloRole.Worker, ("Gateway:SessionKey", "abc")));

    private static IEnumerable<string> Faults(params (string Key, string Value)[] settings) =>
        Faults(SiloRole.Gateway, settings);

    private static IEnumerable<string> Faults(SiloRole role, params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value)).Build();
        return SettingForms.FindFaults(
            configuration, section => SettingForms.IsInUse(section, configuration, role == SiloRole.Gateway));
    }
}
