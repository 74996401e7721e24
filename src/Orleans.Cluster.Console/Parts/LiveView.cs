using Microsoft.AspNetCore.Components;
using Orleans.Cluster.WebConsole.Calls;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Parts;

/// <summary>A component that follows documents of the gateway for as long as it is shown.</summary>
public abstract class LiveView : ComponentBase, IDisposable
{
    private readonly List<IDisposable> followed = [];
    private bool isGone;

    [Inject] internal GatewayCalls Calls { get; set; } = null!;

    [Inject] internal Notices Notices { get; set; } = null!;

    /// <summary>Why a document could not be had, the last time.</summary>
    internal ProblemDocument? Problem { get; private set; }

    public void Dispose()
    {
        isGone = true;
        Unfollow();
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes each new version of a document; a refusal leaves the old one standing, and is shown.</summary>
    internal async Task Follow<T>(string path, double seconds, Action<T> take)
        where T : class
    {
        var following = await Calls.Follow<T>(path, TimeSpan.FromSeconds(seconds), answer => Hear(answer, take));
        if (isGone)
        {
            following.Dispose();
            return;
        }

        followed.Add(following);
    }

    /// <summary>Ends what is followed, before something else is.</summary>
    internal void Unfollow()
    {
        followed.ForEach(each => each.Dispose());
        followed.Clear();
    }

    /// <summary>Reads a document once.</summary>
    internal async Task<T?> Read<T>(string path)
        where T : class
    {
        var answer = await Calls.Get<T>(path);
        Problem = answer.Problem;
        return answer.Document;
    }

    /// <summary>Sends a change, and says what came of it.</summary>
    /// <returns>Whether it was accepted.</returns>
    internal async Task<bool> Change<T>(Task<Answer<T>> change, string done)
        where T : class
    {
        var answer = await change;
        if (answer.Problem is { } problem)
        {
            Notices.Refuse(problem);
            return false;
        }

        Notices.Say(done);
        return true;
    }

    private async Task Hear<T>(Answer<T> answer, Action<T> take)
        where T : class
    {
        try
        {
            await InvokeAsync(() =>
            {
                if (isGone)
                {
                    return;
                }

                Problem = answer.Problem;
                if (answer.Document is { } document)
                {
                    take(document);
                }

                StateHasChanged();
            });
        }
        catch (ObjectDisposedException)
        {
            // The viewer left while the document was on its way.
        }
        catch (Exception e)
        {
            // As one of an event's: the page says that it failed, instead of standing still.
            await DispatchExceptionAsync(e);
        }
    }
}
