using System.Net;
using System.Text.Json;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// The calls to the API server. They need <c>get</c> and <c>update</c> of the workload's <c>scale</c>, and <c>list</c>,
/// <c>patch</c> and
/// <c>delete</c> of pods; nothing else is asked for, so that the gateway cannot change what its workers run.
/// </summary>
internal sealed class KubernetesWorkload : IDisposable
{
    private const string DefaultNamespace = "default";

    private readonly Kubernetes client;
    private readonly KubernetesOptions options;
    private readonly string place;

    public KubernetesWorkload(KubernetesOptions options)
    {
        this.options = options;
        var connection = ConnectionOf(options);
        connection.HttpClientTimeout = options.Timeout;
        client = new Kubernetes(connection);
        place = options.Namespace ?? (connection.Namespace is { Length: > 0 } own ? own : DefaultNamespace);
    }

    /// <summary>Whether members have ordinals, of which the highest end first.</summary>
    public bool IsOrdered => options.Kind == WorkloadKind.StatefulSet;

    public Task<V1Scale> ReadScale(CancellationToken cancellationToken) => Ask(() => IsOrdered
        ? client.AppsV1.ReadNamespacedStatefulSetScaleAsync(options.Name, place, cancellationToken: cancellationToken)
        : client.AppsV1.ReadNamespacedDeploymentScaleAsync(options.Name, place, cancellationToken: cancellationToken),
        cancellationToken);

    /// <summary>Writes a scale that was read. False when somebody else has written it since.</summary>
    public async Task<bool> TryWriteScale(V1Scale scale, CancellationToken cancellationToken)
    {
        try
        {
            await Ask(() => IsOrdered
                ? client.AppsV1.ReplaceNamespacedStatefulSetScaleAsync(
                    scale, options.Name, place, cancellationToken: cancellationToken)
                : client.AppsV1.ReplaceNamespacedDeploymentScaleAsync(
                    scale, options.Name, place, cancellationToken: cancellationToken), cancellationToken);
            return true;
        }
        catch (KubernetesRefusedException refusal) when (refusal.Status == HttpStatusCode.Conflict)
        {
            return false;
        }
    }

    public async Task<IList<V1Pod>> ListPods(string selector, CancellationToken cancellationToken) =>
        (await Ask(() =>
            client.CoreV1.ListNamespacedPodAsync(place, labelSelector: selector, cancellationToken: cancellationToken),
            cancellationToken)).Items;

    /// <summary>Sets annotations of a pod; does nothing when it is gone.</summary>
    public async Task Annotate(V1Pod pod, IReadOnlyDictionary<string, string> annotations, CancellationToken cancellationToken)
    {
        // The uid is a condition here: a pod of a StatefulSet that was started again has the same name.
        var patch = new V1Patch(
            JsonSerializer.Serialize(new { metadata = new { uid = pod.Metadata.Uid, annotations } }),
            V1Patch.PatchType.MergePatch);
        await UnlessGone(() =>
            client.CoreV1.PatchNamespacedPodAsync(patch, pod.Metadata.Name, place, cancellationToken: cancellationToken),
            cancellationToken);
    }

    /// <summary>Ends a pod, with its own grace or with that one; does nothing when it is gone.</summary>
    public Task Delete(V1Pod pod, int? graceSeconds, CancellationToken cancellationToken) => UnlessGone(
        () => client.CoreV1.DeleteNamespacedPodAsync(
            pod.Metadata.Name, place,
            new V1DeleteOptions
            {
                GracePeriodSeconds = graceSeconds, Preconditions = new V1Preconditions { Uid = pod.Metadata.Uid },
            },
            cancellationToken: cancellationToken),
        cancellationToken);

    public void Dispose() => client.Dispose();

    private static KubernetesClientConfiguration ConnectionOf(KubernetesOptions options)
    {
        if (options.KubeConfig is { } file)
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigFile(file, options.Context);
        }

        return KubernetesClientConfiguration.IsInCluster()
            ? KubernetesClientConfiguration.InClusterConfig()
            : KubernetesClientConfiguration.BuildDefaultConfig();
    }

    private async Task<T> Ask<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (HttpOperationException e)
        {
            throw new KubernetesRefusedException(e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Kubernetes has not answered within {options.Timeout.TotalSeconds:0.#} s.", e);
        }
    }

    // Gone, or another pod under its name: what was wanted of it has no object any more.
    private async Task UnlessGone<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            await Ask(call, cancellationToken);
        }
        catch (KubernetesRefusedException refusal) when (refusal.Status is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
        }
    }
}

/// <summary>
/// The API server has said no, and this is why: it explains itself in a Status document, the client's own message is the status
/// line alone.
/// </summary>
internal sealed class KubernetesRefusedException(HttpOperationException inner)
    : Exception($"Kubernetes answered {(int)inner.Response.StatusCode}: {MessageOf(inner.Response.Content)}", inner)
{
    public HttpStatusCode Status { get; } = inner.Response.StatusCode;

    private static string? MessageOf(string? content)
    {
        try
        {
            using var document = JsonDocument.Parse(content ?? "");
            return document.RootElement is { ValueKind: JsonValueKind.Object } status
                && status.TryGetProperty("message", out var message)
                ? message.GetString()
                : content;
        }
        catch (JsonException)
        {
            // Something between here and the server has answered, in words of its own.
            return content;
        }
    }
}
