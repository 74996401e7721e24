using System.Buffers.Text;
using System.Security.Cryptography;
using Orleans.Cluster.Gateway.Access;

namespace Orleans.Cluster.UnitTests.Gateway;

public sealed class SessionSealTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private readonly SessionSeal seal = new(RandomNumberGenerator.GetBytes(32));

    [Fact]
    public void Open_WhatWasSealed_GivesItBackUntilItsEnd()
    {
        var value = seal.Seal("oc_1f2e3d4c_secret", Now.AddHours(8));

        Assert.Equal(("oc_1f2e3d4c_secret", Now.AddHours(8)), seal.Open(value, Now));
        Assert.NotNull(seal.Open(value, Now.AddHours(8).AddMilliseconds(-1)));
        Assert.Null(seal.Open(value, Now.AddHours(8)));
    }

    [Fact]
    public void Open_AnyChangedByte_IsNothing()
    {
        var bytes = Base64Url.DecodeFromChars(seal.Seal("key", Now.AddHours(1)));

        Assert.All(Enumerable.Range(0, bytes.Length), place =>
        {
            var changed = bytes.ToArray();
            changed[place] ^= 1;
            Assert.Null(seal.Open(Base64Url.EncodeToString(changed), Now));
        });
    }

    [Theory, InlineData(""), InlineData("abc"), InlineData("not base64 !"),
        InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Open_WhatWasNotSealed_IsNothing(string value) => Assert.Null(seal.Open(value, Now));

    [Fact]
    public void Open_SealedWithAnotherKey_IsNothing() =>
        Assert.Null(new SessionSeal(RandomNumberGenerator.GetBytes(32)).Open(seal.Seal("key", Now.AddHours(1)), Now));

    [Fact]
    public void KeyOf_StateDirectory_IsKeptAndReadableByItsOwnerAlone()
    {
        var folder = Directory.CreateTempSubdirectory("orleans-cluster-session-").FullName;

        var key = SessionKey.Of(null, folder);

        Assert.Equal(key, SessionKey.Of(null, folder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "session.key")));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void KeyOf_SettingOfAnotherLength_SaysWhatItMustBe() =>
        Assert.Contains(
            "32 bytes in base64", Assert.Throws<InvalidOperationException>(() => SessionKey.Of("c2hvcnQ=", "/nowhere")).Message,
            StringComparison.Ordinal);
}
