using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Silo.Scaling;
using Orleans.Cluster.Worker;
using k8s;
using k8s.Models;

namespace Orleans.Cluster.SystemTests.Kubernetes;

/// <summary>The manifests are what the API knows, and fit each other and the product.</summary>
public sealed class ManifestTests
{
    [Fact]
    public async Task Manifests_ReadStrictly_AreWhatTheListNames()
    {
        var listed = (await File.ReadAllLinesAsync(Path.Combine(Folder(), "kustomization.yaml")))
            .Where(line => line.EndsWith(".yaml", StringComparison.Ordinal)).Select(line => line.Trim(' ', '-'));
        var objects = await Load();

        Assert.Equal(
            listed.Order(),
            Directory.EnumerateFiles(Folder(), "*.yaml").Select(Path.GetFileName).Except(["kustomization.yaml"]).Order());
        Assert.Equal(2, objects.OfType<V1PersistentVolumeClaim>().Count());
        Assert.Single(objects.OfType<V1Job>());
    }

    [Fact]
    public async Task Role_OfTheGateway_AllowsWhatTheTargetCallsAndNothingElse()
    {
        var objects = await Load();
        await using var api = await FakeKubernetes.Start(isStatefulSet: true, replicas: 2);
        using var workload = new KubernetesWorkload(
            new KubernetesOptions { Name = FakeKubernetes.Workload, KubeConfig = api.KubeConfig });
        var target = new KubernetesTarget(workload, TimeProvider.System);
        var instances = await target.List(default);
        await target.Stop([instances[1].Id], atOnce: true, default);

        var rules = objects.OfType<V1Role>().Single().Rules;
        var workers = objects.OfType<V1StatefulSet>().Single();
        var verbs = api.Changes.Select(change => (change.Contains("/pods/", StringComparison.Ordinal), change.Split(' ')[0]))
            .ToHashSet();

        Assert.Equal([(false, "PUT"), (true, "DELETE")], verbs.Order());
        Assert.Equal(
            ["statefulsets/scale: get update", "pods: list", "pods: delete"],
            rules.Select(rule => $"{rule.Resources.Single()}: {string.Join(' ', rule.Verbs)}"));
        Assert.Equal([workers.Metadata.Name], rules[0].ResourceNames);
        Assert.Equal(Enumerable.Range(0, 32).Select(ordinal => $"{workers.Metadata.Name}-{ordinal}"), rules[2].ResourceNames);
        Assert.Equal(new KubernetesOptions().Name, workers.Metadata.Name);
        Assert.True(Pods(objects)
            .Where(pod => pod.AutomountServiceAccountToken != false)
            .ToList() is [{ ServiceAccountName: "orleans-cluster-gateway" }]);
    }

    [Fact]
    public async Task Gateways_WhileANodeIsDrained_AreNotAllAway()
    {
        var objects = await Load();
        var gateway = objects.OfType<V1Deployment>().Single();
        var budgets = objects.OfType<V1PodDisruptionBudget>().ToDictionary(budget => budget.Metadata.Name);

        Assert.Equal(2, gateway.Spec.Replicas);
        var budget = KubernetesJson.Serialize(budgets[gateway.Metadata.Name]).Replace("\"", "", StringComparison.Ordinal);
        Assert.Contains("minAvailable:1", budget, StringComparison.Ordinal);
        Assert.Equal(
            gateway.Spec.Template.Metadata.Labels["app.kubernetes.io/name"],
            budgets[gateway.Metadata.Name].Spec.Selector.MatchLabels.Single().Value);
        var workers = objects.OfType<V1StatefulSet>().Single();
        Assert.Equal(workers.Spec.Selector.MatchLabels, budgets[workers.Metadata.Name].Spec.Selector.MatchLabels);
    }

    [Fact]
    public async Task Workers_ToldToEnd_HaveTimeToFinish()
    {
        var objects = await Load();
        var pod = objects.OfType<V1StatefulSet>().Single().Spec.Template.Spec;
        var settings = Bind(objects, pod);

        var drain = settings.GetSection(WorkerOptions.Section).Get<WorkerOptions>()!.DrainTimeout;
        var shutdown = settings.GetSection(ClusterSettings.Section).Get<ClusterSettings>()!.ShutdownTimeout;

        Assert.True(drain < shutdown
            && shutdown.TotalSeconds < pod.TerminationGracePeriodSeconds,
            $"{drain} < {shutdown} < {pod.TerminationGracePeriodSeconds} s");
    }

    [Fact]
    public async Task Settings_OfGatewayAndWorkers_Agree()
    {
        var objects = await Load();
        var gateway = Bind(objects, objects.OfType<V1Deployment>().Single().Spec.Template.Spec);
        var worker = Bind(objects, objects.OfType<V1StatefulSet>().Single().Spec.Template.Spec);

        var (asked, offered) = (gateway.GetSection("Cluster").Get<ClusterSettings>()!,
            worker.GetSection("Cluster").Get<ClusterSettings>()!);
        var limit = objects.OfType<V1StatefulSet>()
            .Single().Spec.Template.Spec.Containers.Single().Resources.Limits["memory"].ToInt64();

        Assert.Equal((SiloRole.Gateway, SiloRole.Worker), (asked.Role, offered.Role));
        Assert.Equal((asked.SlotsPerWorker, asked.MemoryPerWorkerBytes), (offered.SlotsPerWorker, offered.MemoryPerWorkerBytes));
        Assert.True(offered.MemoryPerWorkerBytes < limit,
            $"{offered.MemoryPerWorkerBytes.ToString(CultureInfo.InvariantCulture)} < {limit}");
        Assert.Equal(ScaleTargetKind.Kubernetes, gateway.GetSection("Scaling").Get<ScalingOptions>()!.Target);
        Assert.All(Pods(objects).SelectMany(pod => pod.Containers).SelectMany(container => container.Env ?? []), variable =>
            Assert.False(variable.Name.StartsWith("ConnectionStrings", StringComparison.Ordinal)
                && variable.Value is not null, "A secret must not stand in a manifest."));
    }

    // Other machines reach the silos' ports: without the certificate none of them starts.
    [Fact]
    public async Task Pods_OfSilos_HaveTheCertificateAndARootThatNobodyWrites()
    {
        var objects = await Load();

        Assert.All(Pods(objects),
            pod => Assert.All(
                pod.Containers, container => Assert.True(container.SecurityContext.ReadOnlyRootFilesystem, container.Name)));
        foreach (var pod in (V1PodSpec[])[objects.OfType<V1Deployment>().Single().Spec.Template.Spec,
            objects.OfType<V1StatefulSet>().Single().Spec.Template.Spec])
        {
            var file = Bind(objects, pod)["Cluster:Tls:Certificate"]!;
            var mount = pod.Containers.Single().VolumeMounts.Single(mount =>
                file.StartsWith(mount.MountPath + "/", StringComparison.Ordinal));
            Assert.Equal("orleans-cluster-silos", pod.Volumes.Single(volume => volume.Name == mount.Name).Secret.SecretName);
            Assert.True(mount.ReadOnlyProperty);
        }
    }

    private static IConfigurationRoot Bind(IReadOnlyList<object> objects, V1PodSpec pod)
    {
        var container = pod.Containers.Single();
        var maps = container.EnvFrom.Select(source => objects.OfType<V1ConfigMap>()
            .Single(map => map.Metadata.Name == source.ConfigMapRef.Name).Data);
        var pairs = maps.SelectMany(map => map)
            .Concat(container.Env.Where(variable => variable.Value is not null)
                .Select(variable => KeyValuePair.Create(variable.Name, variable.Value)));
        return new ConfigurationBuilder()
            .AddInMemoryCollection(
                pairs.Select(pair =>
                    KeyValuePair.Create(pair.Key.Replace("__", ":", StringComparison.Ordinal), (string?)pair.Value))).Build();
    }

    private static IEnumerable<V1PodSpec> Pods(IReadOnlyList<object> objects) =>
    [
        .. objects.OfType<V1Deployment>().Select(workload => workload.Spec.Template.Spec),
        .. objects.OfType<V1StatefulSet>().Select(workload => workload.Spec.Template.Spec),
        .. objects.OfType<V1Job>().Select(workload => workload.Spec.Template.Spec),
    ];

    private static async Task<IReadOnlyList<object>> Load()
    {
        var objects = new List<object>();
        foreach (var file in Directory.EnumerateFiles(Folder(), "*.yaml")
            .Where(file => Path.GetFileName(file) != "kustomization.yaml"))
        {
            objects.AddRange(await KubernetesYaml.LoadAllFromFileAsync(file, null, strict: true));
        }

        return objects;
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "deploy", "kubernetes");
}
