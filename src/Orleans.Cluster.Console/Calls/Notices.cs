using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.WebConsole.Calls;

/// <summary>What the viewer's last action led to, shown at the foot of the page and read aloud.</summary>
internal sealed class Notices
{
    public event Action? Changed;

    public string? Text { get; private set; }

    public ProblemDocument? Problem { get; private set; }

    public void Say(string text) => Set(text, null);

    public void Refuse(ProblemDocument problem) => Set(null, problem);

    public void Clear() => Set(null, null);

    private void Set(string? text, ProblemDocument? problem)
    {
        (Text, Problem) = (text, problem);
        Changed?.Invoke();
    }
}
