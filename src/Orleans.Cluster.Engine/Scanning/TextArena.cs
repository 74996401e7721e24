using System.Runtime.InteropServices;

namespace Orleans.Cluster.Engine.Scanning;

/// <summary>Memory for texts that cannot be pointed at where they are. All of it is free again with each batch.</summary>
internal sealed unsafe class TextArena : IDisposable
{
    private const int BlockBytes = 256 << 10;

    private readonly List<(nint Memory, int Bytes)> _blocks = [];
    private int _block = -1;
    private int _used;

    /// <summary>So many bytes, until the next <see cref="Reset"/>.</summary>
    public byte* Take(int bytes)
    {
        while (_block < 0 || _used + bytes > _blocks[_block].Bytes)
        {
            _used = 0;
            if (++_block == _blocks.Count)
            {
                var size = Math.Max(BlockBytes, bytes);
                _blocks.Add(((nint)NativeMemory.Alloc((nuint)size), size));
            }
        }

        var taken = (byte*)_blocks[_block].Memory + _used;
        _used += bytes;
        return taken;
    }

    /// <summary>Gives back all that was taken. Blocks beyond the first go back to the system.</summary>
    public void Reset()
    {
        for (var i = _blocks.Count - 1; i > 0; i--)
        {
            NativeMemory.Free((void*)_blocks[i].Memory);
            _blocks.RemoveAt(i);
        }

        (_block, _used) = (_blocks.Count - 1, 0);
    }

    public void Dispose()
    {
        foreach (var (memory, _) in _blocks)
        {
            NativeMemory.Free((void*)memory);
        }

        _blocks.Clear();
        _block = -1;
    }
}
