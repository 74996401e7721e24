using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Files.Stores;
using k8s;
using k8s.Models;
using YamlDotNet.Serialization;

namespace Orleans.Cluster.SystemTests.Deployment;

/// <summary>
/// The files of deployments as the tools read them that deploy by them. A test whose tool is missing is skipped and says so.
/// </summary>
public sealed class DeploymentFilesTests
{
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["S3_ROOT"] = "s3://atlas/open", ["AWS_ACCESS_KEY_ID"] = "id", ["AWS_SECRET_ACCESS_KEY"] = "secret",
    };

    [Theory]
    [InlineData(2, "Fixed", "docker-compose.yml")]
    [InlineData(2, "Docker", "docker-compose.yml", "deploy/docker-compose.scaling.yml")]
    [InlineData(2, "Fixed", "docker-compose.yml", "deploy/docker-compose.s3.yml")]
    [InlineData(2, "Docker", "docker-compose.yml", "deploy/docker-compose.s3.yml", "deploy/docker-compose.scaling.yml")]
    public async Task Compose_Config_HasGatewaysThatDifferByTheirPortAlone(int gateways, string target, params string[] files)
    {
        var config = await RunAsync("docker-compose", [.. files.SelectMany(file => new[] { "-f", file }), "config"]);

        var json = new SerializerBuilder().JsonCompatible()
            .Build().Serialize(new DeserializerBuilder().Build().Deserialize<object>(config));
        var services = JsonDocument.Parse(json).RootElement.GetProperty("services").EnumerateObject()
            .Where(service => service.Name.StartsWith("gateway", StringComparison.Ordinal))
            .Select(service => service.Value).ToList();
        Assert.Equal(gateways, services.Count);
        Assert.Equal(gateways, services.Select(service => service.GetProperty("ports")[0].ToString()).Distinct().Count());
        Assert.Single(services.Select(service => string.Join('\n', service.EnumerateObject().Where(part => part.Name != "ports")))
            .Distinct());
        Assert.Equal(target, services[0].GetProperty("environment").GetProperty("Scaling__Target").GetString());
        Assert.Equal(
            files.Contains("deploy/docker-compose.s3.yml"),
            services[0].GetProperty("environment").TryGetProperty("S3__Roots__0", out _));
    }

    [Fact]
    public async Task Kustomize_Output_IsEveryManifestInOneNamespace()
    {
        var output = await RunAsync("kubectl", ["kustomize", "deploy/kubernetes"]);

        var objects = KubernetesYaml.LoadAllFromString(output, null, strict: true)
            .OfType<IKubernetesObject<V1ObjectMeta>>().ToList();
        var written = Directory.EnumerateFiles(Path.Combine(Root(), "deploy", "kubernetes"), "*.yaml").SelectMany(File.ReadLines)
            .Count(line => line.StartsWith("kind: ", StringComparison.Ordinal));
        Assert.Equal(written - 1, objects.Count); // The list of the manifests is one itself, and not in the output.
        Assert.All(objects, item => Assert.Equal("orleans-cluster", item.Metadata.NamespaceProperty));
        var containers = objects.OfType<V1Deployment>().Select(workload => workload.Spec.Template.Spec)
            .Concat(objects.OfType<V1StatefulSet>().Select(workload => workload.Spec.Template.Spec))
            .SelectMany(pod => pod.Containers);
        Assert.All(containers, container => Assert.Equal("orleans-cluster:latest", container.Image));
    }

    [Fact]
    public async Task Kustomize_WithAnObjectStore_SharesNoVolumeAndHoldsNoSecret()
    {
        var output = await RunAsync("kubectl", ["kustomize", "deploy/kubernetes-s3"]);

        var objects = KubernetesYaml.LoadAllFromString(output, null, strict: true);
        var settings = objects.OfType<V1ConfigMap>().Single().Data.ToDictionary(
            pair => pair.Key.Replace("__", ":", StringComparison.Ordinal), pair => (string?)pair.Value);
        var store = new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection(S3Options.Section)
            .Get<S3Options>()!;
        Validator.ValidateObject(store, new ValidationContext(store), validateAllProperties: true);
        Assert.Equal("s3://atlas/artifacts", settings["Cluster:ArtifactStore"]);
        Assert.Equal("s3://atlas/open", Assert.Single(store.Roots));
        Assert.Empty(objects.OfType<V1PersistentVolumeClaim>());
        V1PodTemplateSpec[] pods =
            [objects.OfType<V1Deployment>().Single().Spec.Template, objects.OfType<V1StatefulSet>().Single().Spec.Template];
        foreach (var pod in pods.Select(template => template.Spec))
        {
            var container = Assert.Single(pod.Containers);
            var secrets = container.Env.Where(variable => variable.Name.StartsWith("AWS_", StringComparison.Ordinal)).ToList();
            Assert.DoesNotContain(pod.Volumes, volume => volume.PersistentVolumeClaim is not null);
            Assert.Equal(
                pod.Volumes.Select(volume => volume.Name).Order(), container.VolumeMounts.Select(mount => mount.Name).Order());
            Assert.Equal(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], secrets.Select(variable => variable.Name));
            Assert.All(
                secrets, variable => Assert.True(variable.Value is null && variable.ValueFrom.SecretKeyRef.Optional == true));
        }
    }

    private static async Task<string> RunAsync(string tool, IReadOnlyList<string> arguments)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        Assert.SkipUnless(folders.Any(folder => File.Exists(Path.Combine(folder, tool))), $"{tool} is not on this machine.");
        var start = new ProcessStartInfo(tool, arguments)
        {
            WorkingDirectory = Root(), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{tool} did not start.");
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return await output;
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));
}
