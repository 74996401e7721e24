using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Gateway.Requests;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class BrowserGuardTests
{
    private const string App = "https://app.example.org";

    [Fact]
    public async Task Request_OfAnAllowedOrigin_GoesOnWithoutWhatTheBrowserRemembers()
    {
        var context = Request("POST", App);
        context.Request.Headers.Cookie = "orleans-cluster-session=x";
        context.Request.Headers.Authorization = "Basic eDp5";

        var reached = await Pass(context);

        Assert.True(reached);
        Assert.Equal(App, context.Response.Headers.AccessControlAllowOrigin);
        Assert.Equal("Origin", context.Response.Headers.Vary);
        Assert.Equal(0, context.Response.Headers.AccessControlAllowCredentials.Count);
        Assert.Equal(0, context.Request.Headers.Cookie.Count);
        Assert.Equal(0, context.Request.Headers.Authorization.Count);
    }

    [Fact]
    public async Task Request_OfAnAllowedOriginWithAKey_KeepsIt()
    {
        var context = Request("GET", App);
        context.Request.Headers.Authorization = "Bearer oc_x";

        await Pass(context);

        Assert.Equal("Bearer oc_x", context.Request.Headers.Authorization);
    }

    [Fact]
    public async Task Preflight_OfAnAllowedOrigin_IsAnsweredHere()
    {
        var context = Request("OPTIONS", App);
        context.Request.Headers.AccessControlRequestMethod = "POST";

        var reached = await Pass(context);

        Assert.False(reached);
        Assert.Equal(204, context.Response.StatusCode);
        Assert.Contains(
            "Idempotency-Key", context.Response.Headers.AccessControlAllowHeaders.ToString(), StringComparison.Ordinal);
    }

    [Theory, InlineData("https://app.example.org.evil.net"), InlineData("http://app.example.org"), InlineData("null"),
        InlineData("https://app.example.org:444")]
    public async Task Request_OfAnotherOrigin_IsForbidden(string origin)
    {
        var context = Request("GET", origin);

        var refusal = await Assert.ThrowsAsync<ClusterException>(() => Pass(context));

        Assert.Equal(ProblemCode.Forbidden, refusal.Code);
        Assert.Equal(0, context.Response.Headers.AccessControlAllowOrigin.Count);
    }

    [Theory]
    [InlineData("https://app.example.org", true)]
    [InlineData("http://localhost:5173", true)]
    [InlineData("https://app.example.org/", false)]
    [InlineData("app.example.org", false)]
    [InlineData("*", false)]
    public void AllowedOrigins_WhatNoBrowserSends_IsRefused(string origin, bool isFine)
    {
        var options = new GatewayOptions { AllowedOrigins = [origin] };

        Assert.Equal(isFine, !options.Validate(new ValidationContext(options)).Any());
    }

    private static DefaultHttpContext Request(string method, string origin)
    {
        var context = new DefaultHttpContext();
        context.Connection.LocalIpAddress = IPAddress.Loopback;
        (context.Request.Method, context.Request.Scheme, context.Request.Host) = (method, "http",
            new HostString("localhost", 8001));
        context.Request.Headers.Origin = origin;
        return context;
    }

    private static async Task<bool> Pass(HttpContext context)
    {
        var reached = false;
        var guard = new BrowserGuard(
            _ =>
            {
                reached = true;
                return Task.CompletedTask;
            },
            Options.Create(new GatewayOptions { AllowedOrigins = [App] }));
        await guard.InvokeAsync(context);
        return reached;
    }
}
