using System.Text.Json;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Client;

/// <summary>Specs from an operation's own parameters: which operation it is follows from them.</summary>
public static class JobSpecs
{
    /// <summary>An operation on files of one table.</summary>
    /// <param name="parameters">For example <see cref="AggregateParameters"/>.</param>
    /// <param name="paths">Paths or globs inside the cluster's data roots; none for its default dataset.</param>
    /// <returns>A spec to add to: <c>JobSpecs.Of(...) with { Priority = JobPriority.High }</c>.</returns>
    /// <exception cref="ArgumentException">No operation has parameters of this type.</exception>
    public static JobSpec Of<T>(T parameters, params string[] paths)
        where T : class => Draft(parameters) with
        {
            Source = paths is { Length: > 0 } ? new SourceSpec { Path = paths } : null,
        };

    /// <summary>An operation on several named tables, as <c>join</c> and <c>sql</c> take them.</summary>
    /// <inheritdoc cref="Of{T}(T, string[])"/>
    public static JobSpec Of<T>(T parameters, IReadOnlyDictionary<string, SourceSpec> sources)
        where T : class => Draft(parameters) with { Sources = sources };

    private static JobSpec Draft<T>(T parameters)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return new JobSpec
        {
            Operation = OperationOf(parameters),
            Parameters = JsonSerializer.SerializeToElement(parameters, Wire.Bodies),
        };
    }

    private static OperationKind OperationOf(object parameters) => parameters switch
    {
        AggregateParameters => OperationKind.Aggregate,
        FilterParameters => OperationKind.Filter,
        SelectParameters => OperationKind.Select,
        DistinctParameters => OperationKind.Distinct,
        SortParameters => OperationKind.Sort,
        JoinParameters => OperationKind.Join,
        SampleParameters => OperationKind.Sample,
        ProfileParameters => OperationKind.Profile,
        MeltParameters => OperationKind.Melt,
        PivotParameters => OperationKind.Pivot,
        SqlParameters => OperationKind.Sql,
        _ => throw new ArgumentException($"No operation has parameters of type {parameters.GetType().Name}.", nameof(parameters)),
    };
}
