using System.Globalization;
using System.Text;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Datasets;
using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Fuzzing;

/// <summary>
/// Made-up and damaged inputs end in words, never in another exception or without an end. The seeds are fixed; with
/// <c>EMERGENCE_FUZZ=FIRST,COUNT</c> other ones are tried, which <c>tests/fuzz.sh</c> does for as long as it is told.
/// </summary>
public class FuzzTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly (int First, int Count) Seeds =
        Environment.GetEnvironmentVariable("EMERGENCE_FUZZ")?.Split(',') is [var first, var count]
            ? (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(count, CultureInfo.InvariantCulture))
            : (1, 0);

    // 4 × 3 gray pixels.
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAFklEQVR4nGNgYDjBziDCCSQ0hE6w"
        + "AwASxwLFLPYFWwAAAABJRU5ErkJggg==");

    [Fact]
    public Task made_up_models_are_traced_or_refused() =>
        Try(400, seed => ModelFile.Serialize(ModelGrammar.Draw(seed)), FuzzTargets.Model);

    [Fact]
    public Task what_the_runtime_runs_keeps_its_outputs_with_counters() =>
        Try(300, seed => ModelFile.Serialize(ModelGrammar.Draw(seed)), path => FuzzTargets.Run(path));

    [Fact]
    public Task changed_models_are_traced_or_refused() =>
        Try(1500, seed => ModelFile.Serialize(Mutation.OfModel(ModelGrammar.Draw(seed / 4), new Random(seed))),
            FuzzTargets.Model);

    [Fact]
    public Task damaged_models_are_traced_or_refused() =>
        Try(1500, seed => Mutation.OfBytes(ModelFile.Serialize(ModelGrammar.Draw(seed / 4)), new Random(seed)),
            FuzzTargets.Model);

    [Fact]
    public Task damaged_data_are_read_or_refused() =>
        Try(1500, seed => Mutation.OfBytes(Samples[seed % Samples.Length], new Random(seed)), FuzzTargets.Data);

    [Fact]
    public async Task made_up_gates_are_judged_or_refused()
    {
        var read = 0;
        await Try(4000, seed => Encoding.Unicode.GetBytes(GateGrammar.Draw(seed)),
            path => read += GateGrammar.Try(Encoding.Unicode.GetString(File.ReadAllBytes(path))) ? 1 : 0);
        Assert.True(read > 0, "no gate can be read");
    }

    [Fact]
    public void the_grammar_makes_models_that_run()
    {
        using var folder = new TemporaryFolder();
        var compared = Enumerable.Range(1, 100).Count(seed =>
            FuzzTargets.Run(folder.Write("model.onnx", ModelFile.Serialize(ModelGrammar.Draw(seed)))));
        Assert.True(compared >= 25, $"only {compared} of 100 models run");
    }

    private static byte[][] Samples { get; } =
    [
        Bytes.Npy("<f4", "(2, 3)", new byte[24]), Bytes.Npy(">i8", "(3,)", new byte[24], fortran: true, version: 2),
        Bytes.Idx(8, [2, 3, 4], new byte[24]), Bytes.Gzip(Bytes.Idx(13, [2, 3], new byte[24])),
        Bytes.Npz(("x.npy", Bytes.Npy("<f4", "(2, 3)", new byte[24])), ("y.npy", Bytes.Npy("<i4", "(2,)", new byte[8]))),
        ModelFile.Serialize(ModelGrammar.Draw(1)), "0\n1\n2\n9\n"u8.ToArray(), Png,
        [.. Bytes.CifarRecord(1, i => (byte)(i % 251)), .. Bytes.CifarRecord(2, i => (byte)(i / 16))],
    ];

    private static async Task Try(int usual, Func<int, byte[]> make, Action<string> target)
    {
        using var folder = new TemporaryFolder();
        var findings = new List<string>();
        var (first, count) = Seeds.Count > 0 ? Seeds : (1, usual);
        for (var seed = first; seed < first + count; seed++)
        {
            var path = folder.Write("input.onnx", make(seed));
            try
            {
                await Task.Run(() => target(path), TestContext.Current.CancellationToken)
                    .WaitAsync(Patience, TestContext.Current.CancellationToken);
            }
            catch (UserException)
            {
            }
            catch (Exception e) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                findings.Add($"seed {seed}: {e}");
            }
        }
        Assert.True(findings.Count == 0, $"{findings.Count} findings\n{string.Join("\n", findings.Take(50))}");
    }
}
