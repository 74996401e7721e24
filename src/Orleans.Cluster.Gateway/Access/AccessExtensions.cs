using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Coordination.Ports;
using Orleans.Cluster.Coordination.Settings;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.Gateway.Access;

/// <summary>Who may do what at the gateway.</summary>
internal static class AccessExtensions
{
    private const string Entrance = "Gateway";

    public static IServiceCollection AddGatewayAccess(this IServiceCollection services, GatewayOptions options)
    {
        var authentication = services.AddAuthentication(Entrance)
            .AddPolicyScheme(Entrance, null, scheme => scheme.ForwardDefaultSelector = context =>
                options.Authentication == AuthenticationMode.None ? LocalCallerHandler.Name
                : options.Jwt is not null && JwtLogin.IsToken(ApiKeyHandler.FindKey(context.Request)) ? JwtLogin.Name
                : ApiKeyHandler.Name)
            .AddScheme<AuthenticationSchemeOptions, LocalCallerHandler>(LocalCallerHandler.Name, null)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.Name, null);
        if (options.Jwt is { } jwt)
        {
            authentication.AddJwtLogin(jwt);
        }

        var policy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new RoleRequirement()).Build();
        services.AddSingleton<IAuthorizationHandler, RoleRequirement>();
        services.AddAuthorizationBuilder().SetDefaultPolicy(policy).SetFallbackPolicy(policy);
        services.AddCallerRateLimits();
        services.AddSingleton<CallerStanding>();
        services.AddSingleton<RefusalBudget>();
        services.AddSingleton(provider => new Lazy<SessionSeal>(() => new SessionSeal(KeyOf(provider))));
        services.AddSingleton(provider => new SecretSeal(() => KeyOf(provider)));
        services.AddSingleton<IDataProtectionProvider>(provider => new SharedProtection(() => KeyOf(provider)));
        return services;

        byte[] KeyOf(IServiceProvider provider) =>
            SessionKey.Of(options.SessionKey, provider.GetRequiredService<ClusterPaths>().State);
    }

    /// <summary>Stands before everything that the process serves, so that nothing of it is open by mistake.</summary>
    public static void UseGatewayAccess(this WebApplication app)
    {
        app.UseMiddleware<SessionCookies>();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.Use((context, next) => AskedBy.Run(context.User.OwnerOfNew(), () => next(context)));
        app.UseMiddleware<AuditTrail>();
        app.UseAuthorization();
    }

    /// <summary>Roles that these addresses ask for.</summary>
    public static T Needs<T>(this T endpoints, AccessRole read = AccessRole.Viewer, AccessRole change = AccessRole.Submitter)
        where T : IEndpointConventionBuilder => endpoints.WithMetadata(new AccessRule(read, change));

    /// <summary>The word of this address in the audit log.</summary>
    public static T AuditedAs<T>(this T endpoint, string word)
        where T : IEndpointConventionBuilder => endpoint.WithMetadata(new AuditedAction(word));
}
