using Orleans.Cluster.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Orleans.Cluster.Cli.Terminal;

/// <summary>
/// Puts escapes for the control characters of whatever is drawn; those of the drawing itself, which colour and move, stay.
/// </summary>
internal sealed class ShownSegments : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(drawn => new Shown(drawn));

    private sealed class Shown(IRenderable drawn) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => drawn.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            drawn.Render(options, maxWidth).Select(segment =>
            segment.IsControlCode || segment.IsLineBreak || ShownText.Of(segment.Text, "\n") is var text && text == segment.Text
                ? segment
                : new Segment(text, segment.Style));
    }
}
