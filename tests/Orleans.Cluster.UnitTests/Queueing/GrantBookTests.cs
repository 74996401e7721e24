using Orleans.Cluster.Contracts;
using Orleans.Cluster.Planning.Queueing;

namespace Orleans.Cluster.UnitTests.Queueing;

public sealed class GrantBookTests
{
    private const int Slots = 4;
    private static readonly JobId Job = JobId.Parse("01JD0000000000000000000001");
    private static readonly ResourceRequest OneTask = new() { MemoryBytes = 10 };

    private readonly WorkerRoom room = new(Slots, memoryBytes: 1_000, gpus: 0);
    private readonly GrantBook book;
    private int changes;

    public GrantBookTests()
    {
        book = new GrantBook(room);
        book.Changed += () => changes++;
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(9, Slots)]
    public void Open_SingleTasks_AreAsManyAsThereIsRoomFor(int granted, int reserved)
    {
        Assert.Equal(reserved, book.Open(7, Of(granted)));

        Assert.Equal((reserved, true), (room.Busy.Slots, book.IsBeginning));
        AssertDescribed([7], []);
    }

    [Fact]
    public void Open_APartOfAGangThatFits_IsHeldAndNotBegun()
    {
        Assert.Equal(2, book.Open(7, Of(2, together: true)));

        Assert.Equal((2, false, false), (room.Busy.Slots, book.IsBeginning, book.IsEmpty));
        AssertDescribed([7], [7]);
    }

    [Fact]
    public void Open_APartOfAGangThatDoesNotFitWhole_TakesNoRoom()
    {
        book.Open(6, Of(2));

        Assert.Equal(0, book.Open(7, Of(3, together: true)));

        Assert.Equal(2, room.Busy.Slots);
        AssertDescribed([6], []);
    }

    [Fact]
    public void Open_NoRoomAtAll_OpensNothing()
    {
        book.Open(6, Of(Slots));

        Assert.Equal(0, book.Open(7, Of(1)));

        Assert.Equal([6L], book.BeginReport(grants => grants).Open);
    }

    [Fact]
    public void Close_SomeWereNotBegun_GivesTheirRoomBackAndSaysSoOnce()
    {
        book.Open(7, Of(3));

        book.Close(7, unused: 1);
        book.Close(7, unused: 1);

        Assert.Equal((2, true, 1), (room.Busy.Slots, book.IsEmpty, changes));
    }

    [Fact]
    public void Drop_AHeldPart_GivesItsRoomBack()
    {
        book.Open(7, Of(2, together: true));

        book.Drop(7);
        book.Drop(7);

        Assert.Equal((0, true, 1), (room.Busy.Slots, book.IsEmpty, changes));
    }

    // The queue repeats "go" while a report names the part, and "drop" may be on its way from before it began.
    [Fact]
    public void Go_SaidTwiceAndThenDropped_BeginsOnceAndStays()
    {
        var part = Of(2, together: true);
        book.Open(7, part);

        var first = book.Go(7);
        var second = book.Go(7);
        book.Drop(7);

        Assert.Equal((part, true), first);
        Assert.Equal((null, true), second);
        Assert.Equal((2, true), (room.Busy.Slots, book.IsBeginning));
    }

    [Fact]
    public void Go_APartThatWasLetGo_IsNotKnown()
    {
        book.Open(7, Of(2, together: true));
        book.Drain();

        Assert.Equal((null, false), book.Go(7));
    }

    [Fact]
    public void Drain_WithOpenGrants_LetsPartsGoAndWaitsForWhatBegins()
    {
        book.Open(6, Of(1));
        book.Open(7, Of(2, together: true));

        book.Drain();

        Assert.Equal((1, false), (room.Busy.Slots, book.IsEmpty));
        Assert.Equal(0, book.Open(8, Of(1)));
        Assert.True(book.BeginReport(grants => grants).IsDraining);
    }

    [Fact]
    public void BeginReport_TheReportCannotBeMade_IsNotWaitedFor()
    {
        Assert.Throws<IOException>(() => book.BeginReport<int>(_ => throw new IOException("The usage could not be read.")));

        Assert.Empty(book.BeginReport(grants => grants).Unanswered);
    }

    [Fact]
    public void BeginReport_EarlierOnesAreOnTheirWay_NamesThoseAndNotItself()
    {
        var first = book.BeginReport(grants => grants);
        var second = book.BeginReport(grants => grants);
        book.EndReport(first.Number);
        var third = book.BeginReport(grants => grants);

        Assert.Equal((1, 2, 3), (first.Number, second.Number, third.Number));
        Assert.Empty(first.Unanswered);
        Assert.Equal([1L], second.Unanswered);
        Assert.Equal([2L], third.Unanswered);
    }

    private void AssertDescribed(long[] open, long[] held)
    {
        var report = book.BeginReport(grants => grants);
        Assert.Equal(open, report.Open);
        Assert.Equal(held, report.Held);
    }

    private static Match Of(int count, bool together = false) => new(new WorkerId("w"), Job, 1, 0, count, OneTask, together);
}
