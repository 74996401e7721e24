using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

/// <summary>
/// A lease of 30 s, executors that live 15 s without their worker, reports held for 1 s, a look every half second.
/// </summary>
public sealed class WorkerLossTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly JobId Cancelling = JobId.Parse("01JD0000000000000000000001");
    private static readonly JobId Running = JobId.Parse("01JD0000000000000000000002");

    [Theory]
    [InlineData(SiloStanding.Dead, 0, "Its silo has left the cluster.")]
    [InlineData(SiloStanding.Present, 30, null)]
    [InlineData(SiloStanding.Present, 30.1, "It has not reported for 30 s.")]
    [InlineData(SiloStanding.Unknown, 1, null)]
    public void Why_HeardOfBefore_IsByMembershipOrSilence(SiloStanding standing, double silentSeconds, string? why) =>
        Assert.Equal(why, Listening(seconds: 600).Why(standing, Now.AddSeconds(-silentSeconds), Now));

    // One that has just joined may be faster than the news of it; one of an earlier run never reports.
    [Theory]
    [InlineData(0.5, null)]
    [InlineData(0.6, "Its silo has left the cluster.")]
    public void Why_NeverHeardOfAndUnknown_IsAfterALookOrTwo(double listeningSeconds, string? why) =>
        Assert.Equal(why, Listening(listeningSeconds).Why(SiloStanding.Unknown, heard: null, Now));

    // The queue itself stood still, or has just begun: the silence is its own.
    [Fact]
    public void Why_NobodyListened_IsNotTheWorkersSilence() =>
        Assert.Null(Listening(seconds: 10).Why(SiloStanding.Present, Now.AddMinutes(-5), Now));

    [Theory]
    [InlineData(46.5, true)]
    [InlineData(46.6, false)]
    public void MayStillCompute_HeardOf_IsForALeaseAndItsExecutorsDeadline(double silentSeconds, bool may) =>
        Assert.Equal(may, Listening(seconds: 600).MayStillCompute(Now.AddSeconds(-silentSeconds), isLost: true, Now));

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void MayStillCompute_NeverHeardOf_IsUnlessItIsOfAnEarlierRun(bool isLost, bool may) =>
        Assert.Equal(may, Listening(seconds: 600).MayStillCompute(heard: null, isLost, Now));

    [Theory]
    [InlineData(true, true, new[] { 1 })]
    [InlineData(true, false, new[] { 0, 1 })]
    [InlineData(false, false, new[] { 0 })]
    [InlineData(false, true, new int[0])]
    public void GivenBack_WhatIsBeingCancelled_WaitsUntilNothingComputes(bool isLost, bool mayStillCompute, int[] given)
    {
        AttemptId[] held = [new(new TaskId(Cancelling, 0, 0), 1), new(new TaskId(Running, 0, 1), 1)];

        var back = WorkerLoss.GivenBack(held, job => job == Cancelling, isLost, mayStillCompute);

        Assert.Equal(given, back.Select(attempt => attempt.Task.Partition));
    }

    private static WorkerLoss Listening(double seconds) => new(
        new Attention(Now.AddSeconds(-seconds), longestBreak: TimeSpan.FromHours(1)), lease: TimeSpan.FromSeconds(30),
        executorDeadline: TimeSpan.FromSeconds(15), reportHold: TimeSpan.FromSeconds(1), tick: TimeSpan.FromSeconds(0.5));
}
