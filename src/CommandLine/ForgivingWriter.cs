using System.Text;

namespace Emergence.CommandLine;

/// <summary>A channel that may be full or closed: what cannot be said is lost, and nothing else is.</summary>
/// <param name="inner">The channel.</param>
internal sealed class ForgivingWriter(TextWriter inner) : TextWriter
{
    /// <summary>Whether something was lost.</summary>
    public bool HasLost { get; private set; }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            HasLost = true;
        }
    }
}
