using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Files.Places;
using Orleans.Cluster.Files.Stores;
using Orleans.Cluster.Planning.Queries;
using Orleans.Cluster.Protocol;

namespace Orleans.Cluster.Files.Datasets;

/// <summary>
/// From a spec to a plan. Whatever of it can be looked at is looked at before a fault is answered, so that all come at once.
/// </summary>
internal sealed class JobPlanning(
    DataRoots roots, DatasetPlanning datasets, DefaultDataset defaults, IQueryPlanner queries, IObjectStore store) : IJobPlanning
{
    /// <summary>Name that queries give to a job's only input.</summary>
    private const string OnlySource = "source";

    private const int MostHints = 3;

    // A table may have a warning for each of its columns, and each is looked for in the query.
    private const int MostWarnings = 500;

    private static readonly Dictionary<string, string> NoLabels = [];

    private readonly DatasetCache<JobPlan> plans = new();

    public async Task<JobPlan> Plan(JobSpec spec, IReadOnlyList<WiderType> wider, CancellationToken cancellationToken)
    {
        var sources = SourcesOf(spec);
        var faults = new DataFaults();
        await CheckOutput(spec, faults, cancellationToken);

        var planned = new Dictionary<string, PlannedDataset>();
        var warnings = new List<PlanWarning>();
        var inputs = new List<string>();
        foreach (var (name, source, pointer) in sources)
        {
            if (await TryPlan(source, spec.Partitioning, pointer, faults, cancellationToken) is { } result)
            {
                planned[name] = result.Dataset;
                warnings.AddRange(result.Warnings);
                inputs.AddRange([name, result.Key]);
            }
        }

        JobPlan? plan;
        try
        {
            // The query is bound against the schemas of all inputs: without one of them its faults would be made up.
            plan = planned.Count < sources.Count ? null
                : wider.Count == 0 ? await FindOrPlanQuery(spec, planned, inputs, faults, cancellationToken)
                : await PlanAnew(spec, planned, wider, faults, cancellationToken);
        }
        catch (ClusterException refusal) when (IsOfText(refusal) && WhyText(spec, warnings) is { Length: > 0 } why)
        {
            var hint = refusal.Problem.Hint is { } other ? $"{other} {why}" : why;
            throw new ClusterException(refusal.Code, refusal.Message, hint, refusal.Problem.Errors, refusal);
        }

        faults.ThrowIfAny();
        return plan! with { Warnings = [.. warnings, .. plan.Warnings] };
    }

    private static bool IsOfText(ClusterException refusal) => refusal.Code == Contracts.ProblemCode.QueryInvalid
        && (refusal.Message.Contains("VARCHAR", StringComparison.Ordinal)
        || refusal.Problem.Errors?.Any(fault => fault.Detail.Contains("VARCHAR", StringComparison.Ordinal)) == true);

    // A query that computes with a column is refused where a word such as NA makes that column text.
    private static string WhyText(JobSpec spec, IEnumerable<PlanWarning> warnings)
    {
        var parameters = spec.Parameters?.ToString() ?? "";
        return string.Join(' ', warnings.Take(MostWarnings)
            .Where(warning => warning is { Code: JobPlan.NullWords, Detail: var text }
                && text.Split('\'') is [_, var column, ..] && parameters.Contains(column, StringComparison.OrdinalIgnoreCase))
            .Select(warning => warning.Detail).Take(MostHints));
    }

    // A query that needs the guessed type, as a sum needs numbers, has no meaning over the wider one: then the guess holds, and
    // what does not fit it is a bad row.
    private async Task<JobPlan?> PlanAnew(
        JobSpec spec, Dictionary<string, PlannedDataset> planned, IReadOnlyList<WiderType> wider, DataFaults faults,
        CancellationToken cancellationToken)
    {
        try
        {
            return await TryPlanQuery(spec, With(wider), faults, cancellationToken);
        }
        catch (ClusterException refusal) when (refusal.Code == Contracts.ProblemCode.QueryInvalid)
        {
            var kept = await TryPlanQuery(spec, With([]), faults, cancellationToken);
            var warning = new PlanWarning(
                JobPlan.GuessKept,
                $"The query cannot be run over the wider types ({refusal.Message}): the types of the sample hold, and values "
                + "that do not "
                + "fit are bad rows.");
            return kept is null ? null : kept with { Warnings = [.. kept.Warnings, warning] };
        }

        Dictionary<string, PlannedDataset> With(IReadOnlyList<WiderType> types) => planned.ToDictionary(
            pair => pair.Key, pair => pair.Value.WithTypes(types.Where(type => type.Dataset == pair.Key)));
    }

    // The same query over the same files has the same plan, and the engine is asked once: what is submitted often is often the
    // same.
    private async Task<JobPlan?> FindOrPlanQuery(
        JobSpec spec, Dictionary<string, PlannedDataset> planned, List<string> inputs, DataFaults faults,
        CancellationToken cancellationToken)
    {
        var key = DatasetCache<JobPlan>.KeyOf(
            [], spec with { Name = null, Labels = NoLabels, DependsOn = [], Callback = null }, inputs);
        if (plans.Find(key) is { } known)
        {
            return known;
        }

        var plan = await TryPlanQuery(spec, planned, faults, cancellationToken);
        if (plan is not null)
        {
            plans.Add(key, plan, planned.Values.Sum(dataset => dataset.Partitions.Count));
        }

        return plan;
    }

    public async Task<(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings)> PlanDataset(
        SourceSpec source, PartitioningSpec partitioning, CancellationToken cancellationToken)
    {
        var faults = new DataFaults();
        var result = await TryPlan(source, partitioning, "/source", faults, cancellationToken);
        faults.ThrowIfAny();
        return (result!.Value.Dataset, result.Value.Warnings);
    }

    private List<(string Name, SourceSpec Source, string Pointer)> SourcesOf(JobSpec spec) => spec.Sources is { } named
        ? [.. named.Select(pair => (pair.Key, pair.Value, $"/sources/{EscapePointer(pair.Key)}"))]
        : [(OnlySource, spec.Source ?? defaults.Require(), "/source")];

    private async Task CheckOutput(JobSpec spec, DataFaults faults, CancellationToken cancellationToken)
    {
        if (spec.Output is null)
        {
            return;
        }

        try
        {
            var folder = roots.ResolveOutput(spec.Output.Path, "/output/path");
            if (S3Path.TryParse(folder, out var place))
            {
                await CheckOutput(spec.Output, place, cancellationToken);
                return;
            }

            OutputPlace.Check(folder, spec.Output.Path);
            if (spec.Output.Mode == OutputMode.ErrorIfExists)
            {
                OutputPlace.ThrowIfTaken(folder, spec.Output, own: null);
            }
        }
        catch (ClusterException refusal)
        {
            faults.Add("/output/path", refusal);
        }
    }

    private async Task CheckOutput(OutputSpec output, S3Path place, CancellationToken cancellationToken)
    {
        try
        {
            if (output.Mode == OutputMode.ErrorIfExists)
            {
                await ObjectPlace.ThrowIfTaken(store, place, output, own: null, cancellationToken);
            }
            else
            {
                // Whether it is a bucket that this cluster may list.
                await store.Stat(place.Below(OutputNames.ManifestPrefix), cancellationToken);
            }
        }
        catch (ObjectStoreException fault) when (fault.Fault == ObjectStoreFault.Away)
        {
            throw fault.ToUnavailable();
        }
        catch (ObjectStoreException fault)
        {
            throw new ClusterException(
                Contracts.ProblemCode.OutputNotWritable, $"{output.Path} cannot be looked at. {fault.Message}",
                "Choose another output.path, or give the cluster's credentials the right to it.", inner: fault);
        }
    }

    private async Task<(PlannedDataset Dataset, IReadOnlyList<PlanWarning> Warnings, string Key)?> TryPlan(
        SourceSpec source, PartitioningSpec partitioning, string pointer, DataFaults faults, CancellationToken cancellationToken)
    {
        try
        {
            return await datasets.Plan(source, partitioning, pointer, cancellationToken);
        }
        catch (ClusterException refusal) when (refusal.Code != Contracts.ProblemCode.Internal)
        {
            faults.Add(PointerOf(refusal.Code, pointer), refusal);
            return null;
        }
    }

    private async Task<JobPlan?> TryPlanQuery(
        JobSpec spec, Dictionary<string, PlannedDataset> planned, DataFaults faults, CancellationToken cancellationToken)
    {
        try
        {
            return await queries.Plan(spec, planned, cancellationToken);
        }
        catch (ClusterException refusal) when (!faults.IsEmpty && refusal.Code != Contracts.ProblemCode.Internal)
        {
            faults.Add("/parameters", refusal);
            return null;
        }
    }

    // What the engine says of files has no place in the request yet.
    private static string PointerOf(Contracts.ProblemCode code, string pointer) =>
        code == Contracts.ProblemCode.DatasetNotReadable || code == Contracts.ProblemCode.DatasetNotFound ? $"{pointer}/path"
        : code == Contracts.ProblemCode.ColumnNotFound ? $"{pointer}/options/columns"
        : pointer;

    private static string EscapePointer(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
}
