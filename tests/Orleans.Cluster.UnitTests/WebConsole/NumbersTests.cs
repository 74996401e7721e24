using Orleans.Cluster.WebConsole.Format;

namespace Orleans.Cluster.UnitTests.WebConsole;

public sealed class NumbersTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(9999, "9,999")]
    [InlineData(10_000, "10 k")]
    [InlineData(17_300_000, "17.3 M")]
    [InlineData(999_999, "1 M")]
    [InlineData(0.25, "0.25")]
    public void Count_OfAnySize_HasThreeFigures(double value, string expected) => Assert.Equal(expected, Numbers.Count(value));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1_073_741_824, "1 GiB")]
    [InlineData(104_857_600, "100 MiB")]
    public void Bytes_OfAnySize_UseBinaryUnits(double value, string expected) => Assert.Equal(expected, Numbers.Bytes(value));

    [Theory]
    [InlineData(0.0002, "< 1 ms")]
    [InlineData(0.35, "350 ms")]
    [InlineData(12.4, "12.4 s")]
    [InlineData(185, "3 min 5 s")]
    [InlineData(7800, "2 h 10 min")]
    [InlineData(273_600, "3 d 4 h")]
    public void Duration_OfAnyLength_HasAtMostTwoUnits(double seconds, string expected) =>
        Assert.Equal(expected, Numbers.Duration(seconds));

    [Theory]
    [InlineData(0.2, "1 s")]
    [InlineData(47.4, "47 s")]
    [InlineData(187, "3 min 10 s")]
    [InlineData(2962, "49 min")]
    [InlineData(4462, "1 h 14 min")]
    public void Rough_OfAGuess_IsNoFinerThanItIsWorth(double seconds, string expected) =>
        Assert.Equal(expected, Numbers.Rough(seconds));

    [Theory]
    [InlineData("w-127.0.0.1:31087@154938057", "127.0.0.1:31087")]
    [InlineData("w-@1", "@1")]
    [InlineData("other", "other")]
    public void Worker_ForPeople_HasNeitherMarkNorLife(string id, string expected) => Assert.Equal(expected, Words.Worker(id));

    [Fact]
    public void Share_OfAlmostAll_IsNotAll() => Assert.Equal("99.9 %", Numbers.Share(0.99999));
}
