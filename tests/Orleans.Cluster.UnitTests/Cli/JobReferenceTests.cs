using System.Reflection;
using Orleans.Cluster.Cli.Terminal;
using Orleans.Cluster.Client;
using Orleans.Cluster.Contracts;
using Orleans.Cluster.Contracts.Rest;

namespace Orleans.Cluster.UnitTests.Cli;

public sealed class JobReferenceTests
{
    private const string Newest = "01M8J7EQKZEVXTVFFFGB1ZEX4C";
    private const string Older = "01M8J7C50TFSRT904SKG33AV2K";

    [Theory]
    [InlineData(Older, Older)]
    [InlineData("@last", Newest)]
    [InlineData("01M8J7E", Newest)]
    [InlineData("01m8j7c", Older)]
    public async Task ResolveAsync_WhatNamesOneJob_IsIt(string text, string expected)
    {
        Assert.Equal(expected, (await JobReference.ResolveAsync(Jobs(Newest, Older), text, default)).Value);
    }

    [Theory]
    [InlineData("01M8", "2 jobs have ids that begin with '01M8': " + Newest + ", " + Older + ". Give more characters.")]
    [InlineData("01M9", "No job among the newest 2000 has an id that begins with '01M9'.")]
    [InlineData("01M", "'01M' is not a job id. Give its 26 characters (0-9 and A-Z), at least the first 4 of them, or @last.")]
    [InlineData("aggregate",
        "'aggregate' is not a job id. Give its 26 characters (0-9 and A-Z), at least the first 4 of them, or @last.")]
    public async Task ResolveAsync_WhatNamesNoneOrSeveral_IsTold(string text, string message)
    {
        var mistake = await Assert.ThrowsAsync<UsageException>(() =>
            JobReference.ResolveAsync(Jobs(Newest, Older), text, default));

        Assert.Equal(message, mistake.Message);
    }

    [Fact]
    public async Task ResolveAsync_LastOfNothing_IsTold()
    {
        await Assert.ThrowsAsync<UsageException>(() => JobReference.ResolveAsync(Jobs(), "@last", default));
    }

    private static IJobClient Jobs(params string[] ids)
    {
        var client = DispatchProxy.Create<IJobClient, ListOnly>();
        ((ListOnly)client).Ids = ids;
        return client;
    }

    /// <summary>A client that can list jobs, and nothing else.</summary>
    public class ListOnly : DispatchProxy
    {
        public IReadOnlyList<string> Ids { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Assert.Equal(nameof(IJobClient.ListAsync), targetMethod!.Name);
            var filter = (JobFilter)args![0]!;
            return Task.FromResult(new JobList([.. Ids.Take(filter.PageSize).Select(Job)], null));
        }

        private static JobStatus Job(string id) => new()
        {
            Id = JobId.Parse(id, null), Operation = OperationKind.Sql, Priority = JobPriority.Normal, Phase = JobPhase.Succeeded,
            Revision = 1,
            CreatedAt = DateTimeOffset.UnixEpoch, Progress = new JobProgress(),
        };
    }
}
