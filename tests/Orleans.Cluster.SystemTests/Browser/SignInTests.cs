using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Orleans.Cluster.SystemTests.EndToEnd;
using static Microsoft.Playwright.Assertions;

namespace Orleans.Cluster.SystemTests.Browser;

/// <summary>The console of a gateway that asks for keys, as each role sees it.</summary>
[Collection("browser")]
public sealed class SignInTests(BrowserCluster browser, SignInTests.Keyed keyed) : IClassFixture<SignInTests.Keyed>
{
    private readonly EmbeddedCluster cluster = keyed.Cluster;

    private string Root => cluster.Http.BaseAddress!.GetLeftPart(UriPartial.Authority);

    [Fact]
    public async Task SignIn_WithAKeyOfEachRole_ShowsWhatTheRoleMaySee()
    {
        foreach (var (role, mayReadKeys, mayScale) in new[] { ("VIEWER", false, false), ("SUBMITTER", false, false),
            ("ADMIN", true, true) })
        {
            var page = await SignedIn(role);

            await page.GotoAsync($"{Root}/keys");
            await Expect(mayReadKeys ? page.GetByRole(AriaRole.Cell, new()
            {
                Name = $"browser-{role}",
            }).First : page.GetByText($"the key has the role {role}").First)
                .ToBeVisibleAsync();
            await page.GotoAsync($"{Root}/cluster");
            await page.GetByRole(AriaRole.Button, new() { Name = "Scale", Exact = true }).ClickAsync();
            await Expect(mayScale
                ? page.GetByText("The cluster is going to").First
                : page.GetByText($"the key has the role {role}").First).ToBeVisibleAsync();
        }
    }

    [Fact]
    public async Task Page_WithoutSession_AsksToSignIn_AndAWrongKeyIsRefused()
    {
        var page = await browser.Open("/");
        await page.GotoAsync($"{Root}/queue");
        await Expect(page).ToHaveURLAsync($"{Root}/sign-in?to=%2Fqueue");

        await page.GetByLabel("API key or token").FillAsync("oc_00000000_wrong");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        await Expect(page.Locator("sign-in [role=alert]")).ToHaveTextAsync("The request has no valid key.");
    }

    [Fact]
    public async Task SignOut_TakesTheCookie()
    {
        var page = await SignedIn("VIEWER");
        Assert.Contains(
            await page.Context.CookiesAsync(),
            cookie => cookie is { Name: "orleans-cluster-session", HttpOnly: true, SameSite: SameSiteAttribute.Strict });

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        Assert.DoesNotContain(await page.Context.CookiesAsync(), cookie => cookie.Name == "orleans-cluster-session");
    }

    // A page of somebody else makes the browser send the cookie along with a form; what it cannot do is pass for a page of the
    // gateway.
    [Fact]
    public async Task Change_WithCookieButNoSignOfOwnPage_IsForbidden()
    {
        var page = await SignedIn("ADMIN");
        var cookie = Assert.Single(await page.Context.CookiesAsync(), each => each.Name == "orleans-cluster-session");
        foreach (var (origin, expected) in new[] { (null, 403), ("https://example.org", 403), (Root, 202) })
        {
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(
                HttpMethod.Post, $"{Root}/api/processing/cluster/scale") { Content = JsonContent.Create(new { workers = 1 }) };
            request.Headers.Add("Cookie", $"{cookie.Name}={cookie.Value}");
            if (origin is not null)
            {
                request.Headers.Add("Origin", origin);
            }

            using var response = await http.SendAsync(request);
            Assert.Equal(expected, (int)response.StatusCode);
        }
    }

    [Fact]
    public async Task Session_OfARevokedKey_IsOver()
    {
        var page = await SignedIn("SUBMITTER");
        var keys = await cluster.Http.GetFromJsonAsync<JsonElement>("keys");
        var mine = keys.GetProperty("items")
            .EnumerateArray()
            .Last(key => key.GetProperty("name").GetString() == "browser-SUBMITTER").GetProperty("id").GetString();

        await cluster.Http.DeleteAsync($"keys/{mine}");
        await page.ReloadAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    private async Task<IPage> SignedIn(string role)
    {
        using var made = await cluster.Http.PostAsJsonAsync("keys", new { name = $"browser-{role}", role });
        var secret = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
        var page = await browser.Open("/");
        await page.GotoAsync($"{Root}/sign-in");
        await page.GetByLabel("API key or token").FillAsync(secret);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeVisibleAsync();
        return page;
    }

    /// <summary>A gateway that asks for keys, for all tests here.</summary>
    public sealed class Keyed : IAsyncLifetime
    {
        public EmbeddedCluster Cluster { get; } = new() { Workers = 0, AsksForKeys = true };

        public async ValueTask InitializeAsync()
        {
            if (File.Exists(BrowserCluster.Chromium))
            {
                await Cluster.StartAsync();
            }
        }

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }
}
