using System.Text;
using Emergence.Analyzer.Cli;
using Emergence.CommandLine;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

/// <summary>A shell in which the command line runs with an analysis of the test's own, in a directory of its own.</summary>
internal sealed class Shell : IDisposable
{
    private readonly MemoryStream output = new();
    private readonly StringWriter error = new() { NewLine = "\n" };
    private readonly TextWriter heard;

    public Shell() => heard = TextWriter.Synchronized(error);

    /// <summary>What the analysis was asked for; null where it was not reached.</summary>
    public AnalysisRequest? Request { get; private set; }

    /// <summary>What it does; by default it gives a made-up outcome.</summary>
    public AnalysisRunner Analysis { get; set; } = (_, _, _) => Task.FromResult(Reports.SampleOutcome.Plain);

    public int? ErrorWidth { get; init; }

    /// <summary>Columns of the terminal that stdout is; null where it is none.</summary>
    public int? OutputWidth { get; init; }

    /// <summary>What the program reads from stdin.</summary>
    public string Input { get; set; } = "";

    public ManualClock Clock { get; } = new();

    public string Folder { get; } = Directory.CreateTempSubdirectory("emergence-").FullName;

    public string Output => Encoding.UTF8.GetString(output.ToArray());

    public string Error
    {
        get
        {
            // A synchronized writer locks itself: a test may look while the command still runs.
            lock (heard)
                return error.ToString();
        }
    }

    private Terminal Terminal => new(output, heard, ErrorWidth, Clock)
    {
        Input = new StringReader(Input),
        OutputWidth = OutputWidth,
    };

    /// <summary>An empty file in the folder.</summary>
    public string File(string name)
    {
        var path = Path.Combine(Folder, name);
        System.IO.File.WriteAllBytes(path, []);
        return path;
    }

    public Task<int> RunAsync(params string[] args) => RunAsync(CancellationToken.None, args);

    public Task<int> RunAsync(CancellationToken token, params string[] args) =>
        Commands.RunAsync(args, Terminal, AnalyzeAsync, token: token);

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private Task<AnalysisOutcome> AnalyzeAsync(AnalysisRequest request, IProgress<AnalysisProgress>? progress,
        CancellationToken token)
    {
        Request = request;
        return Analysis(request, progress, token);
    }
}
