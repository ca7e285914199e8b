using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using Emergence.CommandLine;

namespace Emergence.Analyzer.Containment;

/// <summary>What a worker tells its supervisor.</summary>
internal enum WorkerNews : byte
{
    /// <summary>Text for stderr.</summary>
    Says,

    /// <summary>It starts on a checkpoint: number of the run, file, seconds in all and left, bytes.</summary>
    Starts,

    /// <summary>A run may take this many bytes: its number, bytes.</summary>
    MayTake,

    /// <summary>It keeps results in this folder, which goes with the command.</summary>
    Keeps,

    /// <summary>It has done with a checkpoint: number of the run.</summary>
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

    // More than the supervisor waits before it kills a worker itself.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly BinaryWriter news;
    private readonly CancellationTokenSource end = new();
    private string kept;
    private int runs;

    private Worker(
        BinaryWriter news, Dictionary<string, string> deaths, HashSet<string> suspects, string kept, int? errorWidth,
        string input, Stream orders)
    {
        (this.news, this.kept) = (news, kept);
        KeptBefore = kept.Length > 0 ? kept : null;
        (Deaths, Suspects) = (deaths, suspects);
        var said = Terminal.OfProcess();
        Terminal = said with
        {
            Error = new Speech(this),
            ErrorWidth = errorWidth,
            ErrorColor = Terminal.IsColored(errorWidth is not null),
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
    public IReadOnlyDictionary<string, string> Deaths { get; }

    /// <summary>The checkpoints that were in work when an earlier worker died, of which one alone may be guilty.</summary>
    public IReadOnlySet<string> Suspects { get; }

    /// <summary>Whether an earlier worker of the same command took too much memory, perhaps for several checkpoints at once.
    /// </summary>
    public bool IsOneByOne { get; private init; }

    /// <summary>Whether no worker of the same command has died.</summary>
    internal bool IsFirst => Deaths.Count == 0 && Suspects.Count == 0 && !IsOneByOne;

    /// <summary>The folder in which earlier workers of the same command kept results; null where none did.</summary>
    internal string? KeptBefore { get; }

    /// <summary>Whether this process is a worker.</summary>
    public static bool IsThisProcess => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };

    /// <summary>The worker that this process is.</summary>
    /// <param name="orders">The process's stdin.</param>
    public static Worker OfProcess(Stream orders)
    {
        ArgumentNullException.ThrowIfNull(orders);
        var handle = Environment.GetEnvironmentVariable(Variable)!;
        // Programs that this one may start are no workers.
        Environment.SetEnvironmentVariable(Variable, null);
        var reader = new BinaryReader(orders, Encoding.UTF8);
        var width = reader.ReadInt32();
        var deaths = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var count = reader.ReadInt32(); count > 0; count--)
            deaths.Add(reader.ReadString(), reader.ReadString());
        var isOneByOne = reader.ReadBoolean();
        var suspects = new HashSet<string>(StringComparer.Ordinal);
        for (var count = reader.ReadInt32(); count > 0; count--)
            suspects.Add(reader.ReadString());
        var (kept, input) = (reader.ReadString(), reader.ReadString());
        var news = new BinaryWriter(new BufferedStream(new AnonymousPipeClientStream(PipeDirection.Out, handle)), Encoding.UTF8);
        return new Worker(news, deaths, suspects, kept, width < 0 ? null : width, input, reader.BaseStream)
        {
            IsOneByOne = isOneByOne,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        news.Dispose();
        end.Dispose();
    }

    /// <summary>Says that a run begins.</summary>
    /// <param name="file">Its checkpoint.</param>
    /// <param name="limit">The time for the checkpoint.</param>
    /// <param name="left">What is left of it.</param>
    /// <param name="memory">What all runs together may take.</param>
    /// <returns>The number of the run.</returns>
    internal int Starts(string file, TimeSpan limit, TimeSpan left, long memory)
    {
        var run = Interlocked.Increment(ref runs);
        Tell(WorkerNews.Starts, () =>
        {
            news.Write(run);
            news.Write(file);
            news.Write(limit.TotalSeconds);
            news.Write(left.TotalSeconds);
            news.Write(memory);
        });
        return run;
    }

    /// <summary>Says what a run may take.</summary>
    internal void MayTake(int run, long memory) => Tell(WorkerNews.MayTake, () =>
    {
        news.Write(run);
        news.Write(memory);
    });

    /// <summary>A folder that outlasts this process and is gone when the supervisor ends.</summary>
    internal string KeepsIn()
    {
        lock (news)
        {
            if (kept.Length == 0)
            {
                // Nobody else may read or write there.
                kept = Directory.CreateTempSubdirectory("emergence-results-").FullName;
                Tell(WorkerNews.Keeps, () => news.Write(kept));
            }
            return kept;
        }
    }

    internal void Ends(int run) => Tell(WorkerNews.Ends, () => news.Write(run));

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
            // Where native code does not come back, nobody else may be left to end this process.
            Thread.Sleep(Grace);
            Process.GetCurrentProcess().Kill();
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
