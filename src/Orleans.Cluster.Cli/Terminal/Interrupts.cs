using System.Runtime.InteropServices;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Ctrl-C and requests to end, as tokens. The third Ctrl-C is the system's own again: nothing can hold a user who insists.
/// </summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource end = new();
    private CancellationTokenSource first = new();
    private CancellationTokenSource second = new();
    private CancellationTokenSource any;
    private readonly List<PosixSignalRegistration> registrations;
    private int count;

    public Interrupts()
    {
        any = CancellationTokenSource.CreateLinkedTokenSource(first.Token, end.Token);
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = Interrupt()),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = End()),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = End()),
        ];
    }

    /// <summary>The first Ctrl-C.</summary>
    public CancellationToken First => first.Token;

    /// <summary>The second Ctrl-C.</summary>
    public CancellationToken Second => second.Token;

    /// <summary>SIGTERM, or the terminal is gone.</summary>
    public CancellationToken Ended => end.Token;

    /// <summary>Ctrl-C or SIGTERM: what most commands stop at.</summary>
    public CancellationToken Any => any.Token;

    /// <summary>What a Ctrl-C does.</summary>
    /// <returns>Whether the process lives on.</returns>
    public bool Interrupt()
    {
        switch (Interlocked.Increment(ref count))
        {
            case 1:
                first.Cancel();
                return true;
            case 2:
                second.Cancel();
                return true;
            default:
                return false;
        }
    }

    /// <summary>Forgets each Ctrl-C so far: what it stopped is over, and the program goes on.</summary>
    public void Renew()
    {
        if (Interlocked.Exchange(ref count, 0) == 0)
        {
            return;
        }

        // A signal may be at the old ones just now, so they are left to the collector.
        (first, second) = (new CancellationTokenSource(), new CancellationTokenSource());
        any = CancellationTokenSource.CreateLinkedTokenSource(first.Token, end.Token);
    }

    public void Dispose()
    {
        registrations.ForEach(registration => registration.Dispose());
        any.Dispose();
        first.Dispose();
        second.Dispose();
        end.Dispose();
    }

    private bool End()
    {
        end.Cancel();
        return true;
    }
}
