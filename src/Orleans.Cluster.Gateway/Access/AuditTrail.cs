using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>
/// Writes every change that a known caller asked for to the audit log, before the caller hears the outcome; of refused ones so
/// many as
/// <see cref="RefusalBudget"/> allows. Who is not known can change nothing, and must not be able to fill the log.
/// </summary>
internal sealed partial class AuditTrail(
    RequestDelegate next, IAuditLog log, RefusalBudget refusals, TimeProvider clock, ILogger<AuditTrail> logger)
{
    private const int MaxTarget = 200;
    private const int MaxDetail = 1_000;
    private const string Ok = "ok";

    public async Task InvokeAsync(HttpContext context)
    {
        if (ActionOf(context) is not { } action || context.User.Identity is not { IsAuthenticated: true })
        {
            await next(context);
            return;
        }

        var note = new AuditNote(action) { Target = context.Request.RouteValues["id"] as string ?? context.Request.Path };
        context.Features.Set(note);
        context.Response.OnStarting(() => Append(context, note, OutcomeOf(context)));
        try
        {
            await next(context);
        }
        catch (Exception e)
        {
            await Append(context, note, e is OperationCanceledException ? "interrupted" : Problems.Of(e).Code);
            throw;
        }

        await Append(context, note, OutcomeOf(context));
    }

    private static string? ActionOf(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        return endpoint is null || AccessRule.IsRead(context.Request.Method)
            || endpoint.Metadata.GetMetadata<ChangesNothing>() is not null
            ? null
            : endpoint.Metadata.GetMetadata<AuditedAction>()?.Word
                ?? endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? context.Request.Method;
    }

    private static string OutcomeOf(HttpContext context) =>
        context.Response.StatusCode < StatusCodes.Status400BadRequest ? Ok : Problems.OfStatus(context).Code;

    private async Task Append(HttpContext context, AuditNote note, string outcome)
    {
        if (note.IsWritten || note.IsNoChange)
        {
            return;
        }

        note.IsWritten = true;
        var (now, detail) = (clock.GetUtcNow(), note.Detail);
        if (outcome != Ok)
        {
            var (isWritten, leftOut) = refusals.TakeRefusal(context.User.CallerName(), now);
            if (!isWritten)
            {
                return;
            }

            detail = leftOut == 0
                ? detail
                : $"{detail} {leftOut} refused requests of this caller before it are not listed.".TrimStart();
        }

        var entry = new AuditEvent(
            now, context.User.CallerName(), note.Action, note.Target, $"{context.Connection.RemoteIpAddress}", outcome, detail);
        await Append(log, entry, logger);
    }

    // Whoever asks for a change chooses the words of its address.
    private static AuditEvent Bounded(AuditEvent entry) => entry with
    {
        Actor = ShownText.Of(entry.Actor, MaxTarget), Target = ShownText.Of(entry.Target, MaxTarget),
        Detail = entry.Detail is { } detail ? ShownText.Of(detail, MaxDetail) : null,
    };

    /// <summary>Writes an entry, to the log of the process where the audit log cannot be written.</summary>
    public static async Task Append(IAuditLog log, AuditEvent entry, ILogger logger)
    {
        try
        {
            await log.Append(Bounded(entry), CancellationToken.None);
        }
        catch (StorageUnavailableException e)
        {
            // The outcome stands whether or not it is on record; to answer another one would be a lie. The log of the process has
            // the entry.
            Log.NotWritten(logger, e, entry);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(6010, LogLevel.Critical, "The audit log could not be written. The entry: {Entry}")]
        public static partial void NotWritten(ILogger logger, Exception exception, AuditEvent entry);
    }
}

/// <summary>What the entry of the request at hand will say.</summary>
internal sealed class AuditNote(string action)
{
    public string Action => action;

    public required string Target { get; set; }

    public string? Detail { get; set; }

    /// <summary>It turned out that the request asks for no change.</summary>
    public bool IsNoChange { get; set; }

    public bool IsWritten { get; set; }
}

/// <summary>The word of an endpoint in the audit log.</summary>
internal sealed record AuditedAction(string Word);

/// <summary>An endpoint that changes nothing, whatever its method says.</summary>
internal sealed record ChangesNothing;
