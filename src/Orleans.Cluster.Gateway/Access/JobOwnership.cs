using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// A job is there for its owner, for administrators and for those who watch. For everybody else it is not there at all: a 403
/// would say that it exists.
/// </summary>
internal sealed class JobOwnership(IJobStore jobs) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (http.User.SeesOnly() is { } owner && JobId.TryParse(http.Request.RouteValues["id"] as string, null, out var id)
            && (await jobs.Require(id, http.RequestAborted)).Owner != owner)
        {
            throw JobLookup.NotFound(id);
        }

        return await next(context);
    }
}
