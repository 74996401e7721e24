using System.Net.Http.Headers;
using Orleans.Cluster.Gateway.Callbacks;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class ReceiverPatienceTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("120", 120)]
    [InlineData("0", null)]
    [InlineData("Sat, 31 Jan 2026 12:00:30 GMT", 30)]
    [InlineData("Sat, 31 Jan 2026 11:00:00 GMT", null)]
    public void Asked_SecondsOrDate_IsWhatIsLeftOfIt(string header, int? expected) => Assert.Equal(
        expected, (int?)ReceiverPatience.Asked(RetryConditionHeaderValue.Parse(header), Now)?.TotalSeconds);

    [Theory]
    [InlineData(2, null, 2)]
    [InlineData(2, 60, 60)]
    [InlineData(60, 2, 60)]
    [InlineData(2, 100_000, 3600)]
    public void Longer_OfUsualAndAsked_IsBoundedByTheLongest(int usual, int? asked, int expected) => Assert.Equal(
        TimeSpan.FromSeconds(expected),
        ReceiverPatience.Longer(TimeSpan.FromSeconds(usual), asked is { } seconds
            ? TimeSpan.FromSeconds(seconds)
            : null, TimeSpan.FromHours(1)));
}
