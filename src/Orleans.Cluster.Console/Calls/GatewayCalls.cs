using Microsoft.AspNetCore.Components.Authorization;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>The REST API in the name of whoever looks at the page.</summary>
internal sealed class GatewayCalls(GatewayHttp http, Feeds feeds, AuthenticationStateProvider viewer)
{
    private string? session;
    private bool isKnown;

    public Task<Answer<T>> Get<T>(string path, CancellationToken cancellationToken = default)
        where T : class => Send<T>(HttpMethod.Get, path, null, cancellationToken);

    public Task<Answer<T>> Post<T>(string path, object? body = null, CancellationToken cancellationToken = default)
        where T : class => Send<T>(HttpMethod.Post, path, body, cancellationToken);

    public Task<Answer<T>> Delete<T>(string path, CancellationToken cancellationToken = default)
        where T : class => Send<T>(HttpMethod.Delete, path, null, cancellationToken);

    /// <summary>
    /// Hears of the document now and whenever it changes, until disposed. All viewers with the same rights share one question.
    /// </summary>
    /// <param name="path">What to ask.</param>
    /// <param name="every">How often, while it changes; less often while it does not.</param>
    /// <param name="hear">Called from any thread.</param>
    public async Task<IDisposable> Follow<T>(string path, TimeSpan every, Func<Answer<T>, Task> hear)
        where T : class => feeds.Follow(new FeedKey(path, await Session(), every), hear);

    private async Task<Answer<T>> Send<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
        where T : class =>
        (await http.Send(method, path, await Session(), body, cancellationToken: cancellationToken)).Read<T>();

    private async Task<string?> Session()
    {
        if (!isKnown)
        {
            var user = (await viewer.GetAuthenticationStateAsync()).User;
            session = user.FindFirst(SessionCookie.Claim)?.Value;
            isKnown = true;
        }

        return session;
    }
}
