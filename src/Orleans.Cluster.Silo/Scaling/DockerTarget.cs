using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Planning.Scaling;

namespace Orleans.Cluster.Silo.Scaling;

/// <summary>
/// Workers as containers of the compose project that this gateway's own container belongs to. A worker is started from the first
/// container of its service: one that was stopped is started again, else a copy is made under the project's next number, so that
/// compose knows it as its own. A container that dies is started again by the engine's restart policy; one that somebody has
/// killed counts as ended.
/// </summary>
internal sealed class DockerTarget : IScaleTarget, IDisposable
{
    private const string ProjectLabel = "com.docker.compose.project";
    private const string ServiceLabel = "com.docker.compose.service";
    private const string NumberLabel = "com.docker.compose.container-number";
    private const string SlotsVariable = "Cluster__SlotsPerWorker";
    private const string MemoryVariable = "Cluster__MemoryPerWorkerBytes";

    // The engine's name of a container's machine, unless the project gives another.
    private const int MachineNameLength = 12;

    private readonly string service;
    private readonly DockerClient engine;
    private readonly HashSet<string> requested = [];
    private string? project;

    public DockerTarget(ScalingOptions options)
    {
        service = options.WorkerService;
        engine = (options.DockerEndpoint is { } endpoint
            ? new DockerClientBuilder().WithEndpoint(endpoint)
            : new DockerClientBuilder()).Build();
        project = options.ComposeProject;
    }

    public string Name => "docker";

    public bool CanScale => true;

    public async Task<IReadOnlyList<ScaleInstance>> List(CancellationToken cancellationToken) =>
        [.. (await Inspect(cancellationToken)).Select(Describe).OrderBy(instance => instance.StartedAt)];

    public async Task Start(int count, WorkerShape shape, CancellationToken cancellationToken)
    {
        var workers = await Inspect(cancellationToken);
        var template = workers.FirstOrDefault()
            ?? throw new InvalidOperationException(
                $"The compose project has no container of the service '{service}' to start others from.");
        var stopped = new Queue<ContainerInspectResponse>(
            workers.Where(worker => !StateOf(worker).Running && ShapeOf(worker) is var its && (its is null || its == shape)));
        for (var i = 0; i < count; i++)
        {
            var id = stopped.TryDequeue(out var again)
                ? again.ID
                : await Copy(template, NextNumber(workers, i), shape, cancellationToken);
            requested.Remove(id);
            await engine.Containers.StartContainerAsync(id, new ContainerStartParameters(), cancellationToken);
        }
    }

    public async Task Stop(IReadOnlyCollection<string> instances, bool atOnce, CancellationToken cancellationToken)
    {
        foreach (var id in instances)
        {
            requested.Add(id);
            try
            {
                // The signal alone: the worker ends when its attempts have, and this must not wait for it.
                await engine.Containers.KillContainerAsync(
                    id, new ContainerKillParameters { Signal = atOnce ? "SIGKILL" : "SIGTERM" }, cancellationToken);
            }
            catch (DockerApiException e)
                when (e.StatusCode is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Conflict)
            {
                // Gone, or not running any more: that is what was asked for.
            }
        }
    }

    public void Dispose() => engine.Dispose();

    private async Task<List<ContainerInspectResponse>> Inspect(CancellationToken cancellationToken)
    {
        project ??= await FindProject(cancellationToken);
        var found = await engine.Containers.ListContainersAsync(
            new ContainersListParameters
            {
                All = true,
                Filters = new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [$"{ProjectLabel}={project}"] = true,
                        [$"{ServiceLabel}={service}"] = true },
                },
            },
            cancellationToken);
        var workers = new List<ContainerInspectResponse>();
        foreach (var container in found)
        {
            try
            {
                workers.Add(await engine.Containers.InspectContainerAsync(container.ID, cancellationToken));
            }
            catch (DockerContainerNotFoundException)
            {
                // Removed since the list was made.
            }
        }

        return [.. workers.OrderBy(NumberOf)];
    }

    private async Task<string> FindProject(CancellationToken cancellationToken)
    {
        var self = await engine.Containers.InspectContainerAsync(Environment.MachineName, cancellationToken);
        return LabelsOf(self).TryGetValue(ProjectLabel, out var name)
            ? name
            : throw new InvalidOperationException("This container belongs to no compose project. Set Scaling:ComposeProject.");
    }

    private async Task<string> Copy(
        ContainerInspectResponse template, int number, WorkerShape shape, CancellationToken cancellationToken)
    {
        var config = ConfigOf(template);
        var labels = new Dictionary<string,
            string>(LabelsOf(template)) { [NumberLabel] = number.ToString(CultureInfo.InvariantCulture) };
        var variables = (config.Env ?? [])
            .Where(pair => !pair.StartsWith($"{SlotsVariable}=", StringComparison.Ordinal)
                && !pair.StartsWith($"{MemoryVariable}=", StringComparison.Ordinal));
        var made = await engine.Containers.CreateContainerAsync(
            new CreateContainerParameters
            {
                Name = $"{project}_{service}_{number}",
                Image = config.Image,
                User = config.User,
                Cmd = config.Cmd,
                Entrypoint = config.Entrypoint,
                WorkingDir = config.WorkingDir,
                Env = [.. variables, Variable(SlotsVariable, shape.Slots), Variable(MemoryVariable, shape.MemoryBytes)],
                Healthcheck = config.Healthcheck,
                StopSignal = config.StopSignal,
                StopTimeout = config.StopTimeout,
                Labels = labels,
                HostConfig = template.HostConfig,
                NetworkingConfig = new NetworkingConfig
                {
                    EndpointsConfig = (template.NetworkSettings?.Networks?.Keys ?? []).ToDictionary(
                        network => network, _ => new EndpointSettings { Aliases = [service] }),
                },
            },
            cancellationToken);
        return made.ID;
    }

    private ScaleInstance Describe(ContainerInspectResponse container) => new()
    {
        Id = container.ID,
        StartedAt = TimeOf(StateOf(container).StartedAt),
        Machine = ConfigOf(container).Hostname is { Length: > 0 } name ? name : container.ID[..MachineNameLength],
        Shape = ShapeOf(container),
        End = StateOf(container) is { Running: true } or { Restarting: true }
            ? null
            : new InstanceEnd(
                TimeOf(StateOf(container).FinishedAt),
                requested.Contains(container.ID),
                $"container {container.Name?.TrimStart('/')} ended with code {StateOf(container).ExitCode}"),
    };

    private static WorkerShape? ShapeOf(ContainerInspectResponse container) =>
        int.TryParse(Value(container, SlotsVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var slots)
        && long.TryParse(Value(container, MemoryVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var memory)
            ? new WorkerShape(slots, memory)
            : null;

    private static string? Value(ContainerInspectResponse container, string variable) => (ConfigOf(container).Env ?? [])
        .Where(pair => pair.StartsWith($"{variable}=", StringComparison.Ordinal))
        .Select(pair => pair[(variable.Length + 1)..]).LastOrDefault();

    private static string Variable(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    private static int NumberOf(ContainerInspectResponse container) =>
        LabelsOf(container).TryGetValue(NumberLabel, out var text)
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;

    private static int NextNumber(List<ContainerInspectResponse> workers, int offset) =>
        Enumerable.Range(1, int.MaxValue).Except(workers.Select(NumberOf)).ElementAt(offset);

    private static DateTimeOffset TimeOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
        ? time
        : DateTimeOffset.UnixEpoch;

    private static ContainerConfig ConfigOf(ContainerInspectResponse container) =>
        container.Config ?? throw Incomplete(container);

    private static State StateOf(ContainerInspectResponse container) => container.State ?? throw Incomplete(container);

    private static IDictionary<string, string> LabelsOf(ContainerInspectResponse container) =>
        ConfigOf(container).Labels ?? new Dictionary<string, string>();

    private static InvalidOperationException Incomplete(ContainerInspectResponse container) =>
        new($"The Docker engine says nothing of the container {container.ID}.");
}
