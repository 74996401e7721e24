using Orleans.Cluster.Gateway.Callbacks;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class CallbackSignatureTests
{
    [Fact]
    public void Sign_ExampleOfTheStandard_SignatureOfTheStandard()
    {
        var signature = CallbackSignature.Sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
            DateTimeOffset.FromUnixTimeSeconds(1614265330),
            """{"test": 2432232314}"""u8);

        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", signature);
    }

    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true)]
    [InlineData("any other text", true)]
    [InlineData("whsec_", false)]
    [InlineData("whsec_not base64!", false)]
    [InlineData("whsec_c2hvcnQ=", false)]
    public void IsSecret_Text_AsTheStandardSays(string secret, bool expected) =>
        Assert.Equal(expected, CallbackSignature.IsSecret(secret));
}
