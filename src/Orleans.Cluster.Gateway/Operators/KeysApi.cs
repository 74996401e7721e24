using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Gateway.Access;
using Orleans.Cluster.Gateway.Forms;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Operators;

/// <summary>API keys: made, listed, revoked.</summary>
internal static class KeysApi
{
    public static void MapKeys(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/processing/keys").WithTags("Keys").Needs(AccessRole.Admin, AccessRole.Admin);
        keys.MapGet("", ListKeys).WithName(nameof(ListKeys));
        keys.MapPost("", CreateKey).WithName(nameof(CreateKey)).AuditedAs("key.create");
        keys.MapDelete("/{id}", RevokeKey).WithName(nameof(RevokeKey)).AuditedAs("key.revoke");
    }

    private static async Task<IResult> ListKeys(IApiKeyStore keys, CancellationToken cancellationToken) =>
        TypedResults.Ok(new KeyList([.. (await keys.List(cancellationToken)).Select(ToInfo)]));

    private static async Task<IResult> CreateKey(
        HttpContext context, IApiKeyStore keys, TimeProvider clock, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var wanted = JobSpecReader.Read(await context.Request.ReadJson(cancellationToken), form => ReadKey(form, now));
        var made = await keys.Create(wanted.Name, wanted.Role, now, wanted.ExpiresAt, cancellationToken);
        if (context.Features.Get<AuditNote>() is { } note)
        {
            (note.Target, note.Detail) = (made.Key.Id, $"{made.Key.Role} for {made.Key.Name}");
        }

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/api/processing/keys/{made.Key.Id}", new CreatedKey(ToInfo(made.Key), made.Secret));
    }

    private static async Task<IResult> RevokeKey(
        string id, IApiKeyStore keys, TimeProvider clock, CancellationToken cancellationToken) =>
        await keys.Revoke(id, clock.GetUtcNow(), cancellationToken)
            ? TypedResults.NoContent()
            : throw new ClusterException(Contracts.ProblemCode.NotFound, "There is no such key, or it has ended already.");

    private static NewKey ReadKey(FormObject form, DateTimeOffset now)
    {
        var name = form.RequiredText("name", "Whom the key is for", 64);
        if (name is not null && !SettingsForm.IsLabelKey(name))
        {
            form.Faults.Add(
                form.At("name"), FaultCodes.InvalidValue, "A name has 1 to 64 letters, digits, '.', '_', '-' or '/'.");
        }

        var role = form.RequiredWord<AccessRole>("role", "The role");
        var expiresAt = form.Time("expiresAt");
        if (expiresAt <= now)
        {
            form.Faults.Add(form.At("expiresAt"), FaultCodes.OutOfRange, "The time is in the past.");
        }

        form.Close();
        return new NewKey(name ?? "", role ?? default, expiresAt);
    }

    private static KeyInfo ToInfo(ApiKey key) => new(key.Id, key.Name, key.Role, key.CreatedAt, key.ExpiresAt, key.RevokedAt);
}
