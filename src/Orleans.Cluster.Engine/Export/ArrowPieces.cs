using System.Runtime.ExceptionServices;
using Apache.Arrow.Ipc;
using Orleans.Cluster.Engine.DuckDb;

namespace Orleans.Cluster.Engine.Export;

/// <summary>
/// Writes a page as one Arrow stream of which several files are read at once. The first goes where the stream goes; each that is
/// read before its turn into a file beside it, from which its batches are copied when their turn has come. So many files wait
/// at most as there are readers.
/// </summary>
internal sealed class ArrowPieces(
    DuckDbSession session, IReadOnlyList<(string Sql, long Rows)> pieces, string target, IpcOptions options)
{
    private ExceptionDispatchInfo? failure;

    /// <param name="stream">Where the stream goes: <c>target</c>, opened.</param>
    /// <param name="readers">Pieces that are read at once, 2 or more.</param>
    public void Write(FileStream stream, int readers, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var first = new ArrowBatches(stream, options, pieces[0].Rows);
        var tasks = new List<Task<long>> { Begin(() => Read(0, first, stop.Token), stop) };
        try
        {
            for (var turn = 0; turn < pieces.Count; turn++)
            {
                while (tasks.Count < Math.Min(pieces.Count, turn + readers))
                {
                    var ahead = tasks.Count;
                    tasks.Add(Begin(() => ReadAhead(ahead, stop.Token), stop));
                }

                var head = tasks[turn].GetAwaiter().GetResult();
                if (turn > 0)
                {
                    Append(turn, head, stream);
                }
            }

            first.End();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            failure!.Throw();
            throw;
        }
        finally
        {
            // Nobody reads with the instance, or writes a file, that is gone.
            stop.Cancel();
            Task.WaitAll(tasks.Select(task => task.ContinueWith(static _ => { }, TaskScheduler.Default)));
            for (var ahead = 1; ahead < pieces.Count; ahead++)
            {
                File.Delete(Ahead(ahead));
            }
        }
    }

    // What fails stops the others, whose turn may come before.
    private Task<long> Begin(Func<long> read, CancellationTokenSource stop) => Task.Factory.StartNew(
        () =>
        {
            try
            {
                return read();
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                stop.Cancel();
                throw;
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private long Read(int piece, ArrowBatches batches, CancellationToken cancellationToken)
    {
        using var connection = session.Another();
        connection.ReadArrow(pieces[piece].Sql, read => batches.Write(read, cancellationToken), cancellationToken);
        return batches.Head;
    }

    private long ReadAhead(int piece, CancellationToken cancellationToken)
    {
        using var file = new FileStream(Ahead(piece), FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 18);
        using var batches = new ArrowBatches(file, options, pieces[piece].Rows);
        return Read(piece, batches, cancellationToken);
    }

    private void Append(int piece, long head, FileStream stream)
    {
        using (var file = new FileStream(Ahead(piece), FileMode.Open, FileAccess.Read, FileShare.Read, 1))
        {
            file.Position = head;
            file.CopyTo(stream, 1 << 20);
        }

        File.Delete(Ahead(piece));
    }

    private string Ahead(int piece) => $"{target}.rows{piece}";
}
