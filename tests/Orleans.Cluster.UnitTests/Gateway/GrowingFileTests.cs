using Orleans.Cluster.Coordination.Ports;

namespace Orleans.Cluster.UnitTests.Gateway;

/// <summary>A result that is read while it is written.</summary>
public sealed class GrowingFileTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();
    private readonly TaskCompletionSource written = new();

    public void Dispose() => File.Delete(path);

    [Fact]
    public async Task Read_WhileItIsWritten_GivesEveryByteOnce()
    {
        await using var file = new GrowingFile(path, written.Task);
        var copy = new MemoryStream();
        var reading = file.CopyToAsync(copy, TestContext.Current.CancellationToken);
        var bytes = Enumerable.Range(0, 300_000).Select(number => (byte)(number * 7)).ToArray();
        foreach (var piece in bytes.Chunk(70_001))
        {
            await Append(piece);
            await Task.Yield();
        }

        Assert.False(reading.IsCompleted);
        written.SetResult();
        await reading;

        Assert.Equal(bytes, copy.ToArray());
    }

    [Fact]
    public async Task Read_ManyBytes_GivesTheirSpaceBackAndKeepsTheLength()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems keep the file whole.");
        await using var file = new GrowingFile(path, written.Task);
        var bytes = Enumerable.Range(0, 20 << 20).Select(number => (byte)((number * 7) | 1)).ToArray();
        await Append(bytes);
        written.SetResult();
        var copy = new MemoryStream();

        await file.CopyToAsync(copy, TestContext.Current.CancellationToken);

        Assert.Equal(bytes, copy.ToArray());
        using var left = File.OpenRead(path);
        Assert.Equal((bytes.Length, 0), (left.Length, left.ReadByte()));
    }

    [Fact]
    public async Task Read_WritingFailed_FailsAfterWhatWasWritten()
    {
        await Append([1, 2, 3]);
        await using var file = new GrowingFile(path, written.Task);
        written.SetException(new IOException("The disk is full."));
        var copy = new MemoryStream();

        var failed = await Assert.ThrowsAsync<IOException>(() => file.CopyToAsync(copy, TestContext.Current.CancellationToken));

        Assert.Equal("The disk is full.", failed.Message);
        Assert.Equal([1, 2, 3], copy.ToArray());
    }

    // The process that wrote it was lost, and others write it from the start: the first of them is lost too.
    [Fact]
    public async Task Read_BegunAnewWithTheSameBytes_GoesOn()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Other systems do not tell that an open file was removed.");
        var bytes = Enumerable.Range(0, 30 << 20).Select(number => (byte)((number * 7) | 1)).ToArray();
        await Append(bytes[..(20 << 20)]);
        await using var file = new GrowingFile(path, written.Task);
        var copy = new MemoryStream();
        var reading = file.CopyToAsync(copy, TestContext.Current.CancellationToken);
        await Until(() => copy.Length == 20 << 20);

        foreach (var length in (int[])[5 << 20, 12 << 20])
        {
            File.Delete(path);
            await Append(bytes[..length]);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        await Append(bytes[(12 << 20)..]);
        written.SetResult();
        await reading;

        Assert.Equal(bytes, copy.ToArray());
    }

    [Theory]
    [InlineData(new byte[] { 1, 9, 3, 4, 5 })]
    [InlineData(new byte[] { 1, 2 })]
    public async Task Read_BegunAnewWithOtherBytes_FailsInPlaceOfJoiningTwoBeginnings(byte[] anew)
    {
        await Append([1, 2, 3]);
        await using var file = new GrowingFile(path, written.Task);
        var copy = new MemoryStream();
        var reading = file.CopyToAsync(copy, TestContext.Current.CancellationToken);
        await Until(() => copy.Length == 3);
        File.Delete(path);
        await Append(anew);
        written.SetResult();

        await Assert.ThrowsAsync<EndOfStreamException>(() => reading);

        Assert.Equal([1, 2, 3], copy.ToArray());
    }

    private static async Task Until(Func<bool> isSo)
    {
        for (var n = 0; !isSo(); n++)
        {
            Assert.True(n < 6000, "What was written is not read.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    private async Task Append(byte[] bytes)
    {
        await using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        await stream.WriteAsync(bytes, TestContext.Current.CancellationToken);
    }
}
