using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Orleans.Cluster.SystemTests.Kubernetes;

/// <summary>
/// The part of a Kubernetes API server that scaling uses, over HTTP, with the controller behind it: a scale that is written makes
/// pods come and go by the rules of StatefulSets and ReplicaSets. Resource versions, uids, preconditions, graceful deletion,
/// label selectors and Status documents are as the API has them.
/// </summary>
internal sealed class FakeKubernetes : IAsyncDisposable
{
    public const string Namespace = "data";
    public const string Workload = "worker";
    private const string Selector = "app=worker";

    private readonly Lock gate = new();
    private readonly bool isStatefulSet;
    private readonly List<FakePod> pods = [];
    private WebApplication? server;
    private int replicas;
    private int version = 1;
    private int named;

    private FakeKubernetes(bool isStatefulSet, int replicas)
    {
        (this.isStatefulSet, this.replicas) = (isStatefulSet, replicas);
        Control();
    }

    /// <summary>A kubeconfig file for it.</summary>
    public string KubeConfig { get; } = Path.GetTempFileName();

    /// <summary>Method and path of each request that changes something.</summary>
    public List<string> Changes { get; } = [];

    /// <summary>Whether the controller acts at once; otherwise when <see cref="Control"/> is called.</summary>
    public bool IsControlled { get; set; } = true;

    /// <summary>Runs just before a scale is written, as another client of the API would.</summary>
    public Action? BeforeScale { get; set; }

    /// <summary>What each request is refused with; null when they are answered.</summary>
    public (int Code, string Message)? Refusal { get; set; }

    /// <summary>
    /// Called outside of any lock when a pod is started, and when it is asked to end (with whether that is at once).
    /// </summary>
    public event Action<FakePod>? Started;

    public event Action<FakePod, bool>? Ending;

    public int Replicas
    {
        get
        {
            lock (gate)
            {
                return replicas;
            }
        }
    }

    /// <summary>Names of pods that are not being deleted.</summary>
    public IReadOnlyList<string> Steady
    {
        get
        {
            lock (gate)
            {
                return [.. pods.Where(pod => pod.DeletedAt is null).Select(pod => pod.Name)];
            }
        }
    }

    public static async Task<FakeKubernetes> Start(bool isStatefulSet, int replicas)
    {
        var fake = new FakeKubernetes(isStatefulSet, replicas);
        await fake.Listen(port: 0);
        return fake;
    }

    /// <summary>Goes away, as a server that is restarted does, and says on which port it was.</summary>
    public async Task<int> Stop()
    {
        var port = new Uri(server!.Urls.Single()).Port;
        await server.DisposeAsync();
        server = null;
        return port;
    }

    public async Task Listen(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        server = builder.Build();
        var kind = isStatefulSet ? "statefulsets" : "deployments";
        server.Use(async (context, next) =>
        {
            if (Refusal is { } refusal)
            {
                await Refuse(context, refusal.Code, refusal.Message);
                return;
            }

            if (!HttpMethods.IsGet(context.Request.Method))
            {
                lock (gate)
                {
                    Changes.Add($"{context.Request.Method} {context.Request.Path}");
                }
            }

            await next();
        });
        server.MapGet(
            $"/apis/apps/v1/namespaces/{Namespace}/{kind}/{Workload}/scale", context => Answer(context, ScaleDocument()));
        server.MapPut($"/apis/apps/v1/namespaces/{Namespace}/{kind}/{Workload}/scale", PutScale);
        server.MapGet($"/api/v1/namespaces/{Namespace}/pods", ListPods);
        server.MapPatch($"/api/v1/namespaces/{Namespace}/pods/{{name}}", PatchPod);
        server.MapDelete($"/api/v1/namespaces/{Namespace}/pods/{{name}}", DeletePod);
        server.MapFallback(context => Refuse(context, 404, "the server could not find the requested resource"));
        await server.StartAsync();
        await File.WriteAllTextAsync(KubeConfig, $$"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{ name: test, context: { cluster: fake, user: nobody, namespace: {{Namespace}} } }]
            clusters: [{ name: fake, cluster: { server: "{{server.Urls.Single()}}" } }]
            users: [{ name: nobody, user: { token: none } }]
            """);
    }

    /// <summary>Sets the number of replicas as <c>kubectl scale</c> would.</summary>
    public void Scale(int to)
    {
        lock (gate)
        {
            (replicas, version) = (to, version + 1);
        }

        ControlIf();
    }

    /// <summary>Deletes a pod as <c>kubectl delete pod</c> would.</summary>
    public void Delete(string name)
    {
        FakePod pod;
        lock (gate)
        {
            pod = pods.Single(pod => pod.Name == name);
        }

        MarkDeleted(pod, graceSeconds: null);
        ControlIf();
    }

    /// <summary>A pod's processes have ended: a deleted pod is gone, another's container starts again.</summary>
    public void End(FakePod pod)
    {
        lock (gate)
        {
            pods.Remove(pod);
        }

        ControlIf();
    }

    /// <summary>The controller's turn.</summary>
    public void Control()
    {
        List<FakePod> made = [];
        List<FakePod> surplus = [];
        lock (gate)
        {
            var steady = pods.Where(pod => pod.DeletedAt is null).ToList();
            if (isStatefulSet)
            {
                surplus = [.. steady.Where(pod => pod.Ordinal >= replicas).OrderByDescending(pod => pod.Ordinal)];
                made = [.. Enumerable.Range(0, replicas)
                    .Where(ordinal => pods.TrueForAll(pod => pod.Ordinal != ordinal))
                    .Select(ordinal => new FakePod($"{Workload}-{ordinal}", ordinal))];
            }
            else
            {
                surplus = [.. steady.OrderBy(pod => pod.DeletionCost)
                    .ThenByDescending(pod => pod.CreatedAt).Take(Math.Max(0, steady.Count - replicas))];
                made = [.. Enumerable.Range(0, Math.Max(0, replicas - steady.Count))
                    .Select(_ => new FakePod($"{Workload}-7c5d-{++named}", null))];
            }

            pods.AddRange(made);
        }

        surplus.ForEach(pod => MarkDeleted(pod, graceSeconds: null));
        made.ForEach(pod => Started?.Invoke(pod));
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        File.Delete(KubeConfig);
    }

    private void ControlIf()
    {
        if (IsControlled)
        {
            Control();
        }
    }

    private void MarkDeleted(FakePod pod, int? graceSeconds)
    {
        lock (gate)
        {
            pod.DeletedAt ??= DateTimeOffset.UtcNow;
            version++;
        }

        Ending?.Invoke(pod, graceSeconds is <= 1);
        if (Ending is null && graceSeconds is <= 1)
        {
            End(pod);
        }
    }

    private JsonObject ScaleDocument()
    {
        lock (gate)
        {
            return new JsonObject
            {
                ["kind"] = "Scale",
                ["apiVersion"] = "autoscaling/v1",
                ["metadata"] = new JsonObject { ["name"] = Workload, ["namespace"] = Namespace,
                    ["resourceVersion"] = $"{version}" },
                ["spec"] = new JsonObject { ["replicas"] = replicas },
                ["status"] = new JsonObject { ["replicas"] = pods.Count, ["selector"] = Selector },
            };
        }
    }

    private async Task PutScale(HttpContext context)
    {
        var wanted = (await JsonNode.ParseAsync(context.Request.Body))!;
        BeforeScale?.Invoke();
        bool isCurrent;
        lock (gate)
        {
            isCurrent = wanted["metadata"]!["resourceVersion"]!.GetValue<string>() == $"{version}";
            if (isCurrent)
            {
                (replicas, version) = (wanted["spec"]!["replicas"]?.GetValue<int>() ?? 0, version + 1);
            }
        }

        if (!isCurrent)
        {
            await Refuse(
                context, 409,
                $"Operation cannot be fulfilled on \"{Workload}\": the object has been modified; please apply your changes to "
                + "the latest version and try again");
            return;
        }

        await Answer(context, ScaleDocument());
        ControlIf();
    }

    private Task ListPods(HttpContext context)
    {
        if (context.Request.Query["labelSelector"] != Selector)
        {
            return Refuse(context, 400, "unexpected selector");
        }

        JsonArray items;
        lock (gate)
        {
            items = new JsonArray([.. pods.Select(pod => pod.Document())]);
        }

        return Answer(context, new JsonObject { ["kind"] =
            "PodList", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["items"] = items });
    }

    private async Task PatchPod(HttpContext context)
    {
        Assert.StartsWith("application/merge-patch+json", context.Request.ContentType, StringComparison.Ordinal);
        var metadata = (await JsonNode.ParseAsync(context.Request.Body))!["metadata"]!;
        if (await Find(context, metadata["uid"]?.GetValue<string>()) is not { } pod)
        {
            return;
        }

        lock (gate)
        {
            foreach (var (key, value) in metadata["annotations"]!.AsObject())
            {
                pod.Annotations[key] = value!.GetValue<string>();
            }

            version++;
        }

        await Answer(context, pod.Document());
    }

    private async Task DeletePod(HttpContext context)
    {
        var options = (await JsonNode.ParseAsync(context.Request.Body))!;
        if (await Find(context, options["preconditions"]?["uid"]?.GetValue<string>()) is not { } pod)
        {
            return;
        }

        MarkDeleted(pod, options["gracePeriodSeconds"]?.GetValue<int>());
        await Answer(context, pod.Document());
        ControlIf();
    }

    private async Task<FakePod?> Find(HttpContext context, string? uid)
    {
        FakePod? pod;
        lock (gate)
        {
            pod = pods.Find(pod => pod.Name == (string)context.Request.RouteValues["name"]!);
        }

        if (pod is null || (uid is not null && pod.Uid != uid))
        {
            await Refuse(context, pod is null ? 404 : 409, pod is null
                ? "pods not found"
                : "the UID in the precondition does not match");
            return null;
        }

        return pod;
    }

    private static Task Answer(HttpContext context, JsonObject document) => context.Response.WriteAsJsonAsync(document);

    private static Task Refuse(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        return context.Response.WriteAsJsonAsync(new { kind = "Status", apiVersion = "v1", status = "Failure", message, code });
    }
}

/// <summary>A pod of the fake.</summary>
internal sealed class FakePod(string name, int? ordinal)
{
    public string Name { get; } = name;

    public string Uid { get; } = Guid.NewGuid().ToString();

    public int? Ordinal { get; } = ordinal;

    public DateTimeOffset CreatedAt { get; } = DateTimeOffset.UtcNow;

    public DateTimeOffset? DeletedAt { get; set; }

    public Dictionary<string, string> Annotations { get; } = [];

    /// <summary>Its status; running when it is not told otherwise.</summary>
    public JsonObject Status { get; set; } = new() { ["phase"] = "Running" };

    public int DeletionCost =>
        Annotations.TryGetValue("controller.kubernetes.io/pod-deletion-cost", out var cost)
        ? int.Parse(cost, System.Globalization.CultureInfo.InvariantCulture) : 0;

    public JsonObject Document() => new()
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = Name,
            ["uid"] = Uid,
            ["creationTimestamp"] = Time(CreatedAt),
            ["deletionTimestamp"] = DeletedAt is { } at ? Time(at) : null,
            ["annotations"] = JsonSerializer.SerializeToNode(Annotations),
        },
        ["spec"] = new JsonObject { ["containers"] = new JsonArray(
            new JsonObject { ["name"] = "worker", ["image"] = "orleans-cluster" }) },
        ["status"] = Status.DeepClone(),
    };

    private static string Time(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
