using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Gateway.Reference;

/// <summary>Which operation has which parameters.</summary>
internal static class ParameterTypes
{
    private static readonly HashSet<Type> Parts =
        [typeof(AggregateSpec), typeof(OrderSpec), typeof(JoinKey), typeof(SelectColumn)];

    /// <summary>Operations in their order, each with the record of its parameters. <c>convert</c> has none.</summary>
    public static IReadOnlyList<(OperationKind Operation, Type Parameters)> All { get; } =
    [
        (OperationKind.Aggregate, typeof(AggregateParameters)),
        (OperationKind.Filter, typeof(FilterParameters)),
        (OperationKind.Select, typeof(SelectParameters)),
        (OperationKind.Distinct, typeof(DistinctParameters)),
        (OperationKind.Sort, typeof(SortParameters)),
        (OperationKind.Join, typeof(JoinParameters)),
        (OperationKind.Sample, typeof(SampleParameters)),
        (OperationKind.Profile, typeof(ProfileParameters)),
        (OperationKind.Melt, typeof(MeltParameters)),
        (OperationKind.Pivot, typeof(PivotParameters)),
        (OperationKind.Sql, typeof(SqlParameters)),
    ];

    /// <summary>Whether a type holds parameters, or a part of them, and so no field that it does not declare.</summary>
    public static bool IsClosed(Type type) => Parts.Contains(type) || All.Any(pair => pair.Parameters == type);
}
