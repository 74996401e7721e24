using System.Text;
using Orleans.Cluster.Contracts;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Text for a terminal, in which names and cells of others must not act: all but the ends of lines and tabs is shown as escapes.
/// </summary>
internal sealed class ShownWriter(TextWriter inner) : TextWriter
{
    private const string Kept = "\n\r\t";

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(ShownText.Of(value.ToString(), Kept));

    public override void Write(string? value) => inner.Write(value is null ? null : ShownText.Of(value, Kept));

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void WriteLine(string? value) => inner.WriteLine(value is null ? null : ShownText.Of(value, Kept));

    public override Task WriteAsync(string? value) => inner.WriteAsync(value is null ? null : ShownText.Of(value, Kept));

    public override Task WriteLineAsync(string? value) => inner.WriteLineAsync(value is null ? null : ShownText.Of(value, Kept));

    public override void Flush() => inner.Flush();

    public override Task FlushAsync() => inner.FlushAsync();
}
