namespace Orleans.Cluster.Engine.Sources;

/// <summary>Counts lines as an editor does: LF, CR LF and a lone CR each end one, also inside quotes.</summary>
internal static class LineCounter
{
    /// <summary>Line ends in text that does not break between CR and LF.</summary>
    public static long Count(ReadOnlySpan<byte> text)
    {
        long lf = text.Count((byte)'\n');
        long cr = text.Count((byte)'\r');
        return cr == 0 ? lf : lf + cr - text.Count("\r\n"u8);
    }
}
