using System.Collections.Frozen;
using System.IO.Pipes;
using System.Text;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Containment;

/// <summary>What a worker tells its supervisor.</summary>
internal enum WorkerNews : byte
{
    /// <summary>Text for stderr.</summary>
    Says,

    /// <summary>It starts on a checkpoint: file, seconds, bytes.</summary>
    Starts,

    /// <summary>It may take this many bytes.</summary>
    MayTake,

    /// <summary>It has done with the checkpoint.</summary>
    Ends,
}

/// <summary>
/// The process that does the work, as a child of one that only watches: native code may end it or never return, and the
/// other goes on. Its stdout is the user's; what it would say on stderr goes through the supervisor, so that the last
/// words of a dying runtime do not.
/// </summary>
public sealed class Worker : IDisposable
{
    /// <summary>The environment variable that makes a process a worker: the handle of the pipe to its supervisor.</summary>
    internal const string Variable = "EMERGENCE_ANALYZE_WORKER";

    private readonly BinaryWriter news;
    private readonly CancellationTokenSource end = new();

    private Worker(BinaryWriter news, FrozenDictionary<string, string> deaths, int? errorWidth, bool errorColor, string input,
        Stream orders)
    {
        this.news = news;
        Deaths = deaths;
        var said = Terminal.OfProcess();
        Terminal = said with
        {
            Error = new Speech(this),
            ErrorWidth = errorWidth,
            ErrorColor = errorColor,
            Input = new StringReader(input),
        };
        // The supervisor never writes again: its end is that of this stream.
        new Thread(() => AwaitEnd(orders)) { IsBackground = true }.Start();
    }

    /// <summary>What the user sees of the worker.</summary>
    public Terminal Terminal { get; }

    /// <summary>Canceled when the supervisor wants the worker to end, or is gone.</summary>
    public CancellationToken Token => end.Token;

    /// <summary>The checkpoints on which earlier workers of the same command died, and of what.</summary>
    public FrozenDictionary<string, string> Deaths { get; }

    /// <summary>The worker that this process is; null where it is none.</summary>
    /// <param name="orders">The process's stdin.</param>
    public static Worker? OfProcess(Func<Stream> orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } handle)
            return null;
        // Programs that this one may start are no workers.
        Environment.SetEnvironmentVariable(Variable, null);
        var reader = new BinaryReader(orders(), Encoding.UTF8);
        var width = reader.ReadInt32();
        var color = reader.ReadBoolean();
        var deaths = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var count = reader.ReadInt32(); count > 0; count--)
            deaths.Add(reader.ReadString(), reader.ReadString());
        var input = reader.ReadString();
        var news = new BinaryWriter(new BufferedStream(new AnonymousPipeClientStream(PipeDirection.Out, handle)), Encoding.UTF8);
        return new Worker(news, deaths.ToFrozenDictionary(StringComparer.Ordinal), width < 0 ? null : width, color, input,
            reader.BaseStream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        news.Dispose();
        end.Dispose();
    }

    internal void Starts(string file, TimeSpan time, long memory) => Tell(WorkerNews.Starts, () =>
    {
        news.Write(file);
        news.Write(time.TotalSeconds);
        news.Write(memory);
    });

    internal void MayTake(long memory) => Tell(WorkerNews.MayTake, () => news.Write(memory));

    internal void Ends() => Tell(WorkerNews.Ends, () => { });

    private void Say(string text) => Tell(WorkerNews.Says, () => news.Write(text));

    private void Tell(WorkerNews what, Action write)
    {
        lock (news)
        {
            try
            {
                news.Write((byte)what);
                write();
                news.Flush();
            }
            catch (IOException)
            {
                // The supervisor is gone: nobody is there to hear it.
            }
        }
    }

    private void AwaitEnd(Stream orders)
    {
        try
        {
            while (orders.ReadByte() >= 0)
            {
            }
            end.Cancel();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The process is ending.
        }
    }

    private sealed class Speech(Worker worker) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => worker.Say(value.ToString());

        public override void Write(char[] buffer, int index, int count) => worker.Say(new string(buffer, index, count));

        public override void Write(string? value) => worker.Say(value ?? "");

        public override void WriteLine(string? value) => worker.Say($"{value}\n");
    }
}
