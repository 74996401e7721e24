using System.Globalization;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>The audit log, and whether it is as it was written.</summary>
internal static class AuditApi
{
    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.MapGroup("/api/processing/audit").WithTags("Audit").Needs(AccessRole.Admin, AccessRole.Admin);
        audit.MapGet("", ListAudit).WithName(nameof(ListAudit));
        audit.MapGet("/verify", VerifyAudit).WithName(nameof(VerifyAudit));
    }

    private static async Task<IResult> ListAudit(HttpRequest request, IAuditLog log, CancellationToken cancellationToken)
    {
        var query = new QueryForm(request.Query);
        var pageSize = (int?)query.Whole("pageSize", 1, GatewayLimits.MaxPageSize) ?? GatewayLimits.PageSize;
        var before = query.Whole("pageToken", 1, long.MaxValue);
        query.Close();

        var found = await log.List(before, pageSize + 1, cancellationToken);
        var items = found.Take(pageSize).Select(ToItem).ToList();
        return TypedResults.Ok(new AuditList(
            items, found.Count > pageSize ? items[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> VerifyAudit(IAuditLog log, CancellationToken cancellationToken)
    {
        var verdict = await log.Verify(kept: null, cancellationToken);
        return TypedResults.Ok(new AuditCheck(verdict.FirstBroken is null, verdict.Entries, verdict.FirstBroken));
    }

    private static AuditItem ToItem(AuditEntry entry) => new(
        entry.Sequence, entry.Event.At, entry.Event.Actor, entry.Event.Action, entry.Event.Target, entry.Event.Origin,
        entry.Event.Outcome,
        entry.Event.Detail, entry.Hash);
}
