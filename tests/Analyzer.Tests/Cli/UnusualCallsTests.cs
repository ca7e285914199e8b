using System.Text;
using Emergence.Analyzer.Tests.Reports;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Cli;

/// <summary>Mistyped and unusual calls with their answers, for eyes: each is one line that names the fix.</summary>
public sealed class UnusualCallsTests : IDisposable
{
    private readonly Shell shell = new() { Analysis = Analysis.RunAsync };

    public void Dispose() => shell.Dispose();

    private static readonly string[] Calls =
    [
        "",
        "m.onnx --treshold 0.1",
        "m.onnx --thresholds=0.1",
        "m.onnx --trehsold",
        "m.onnx -o out",
        "m.onnx --threshold",
        "m.onnx --threshold 0,05x",
        "m.onnx --threshold 10k%",
        "m.onnx --samples 50%",
        "m.onnx --samples 1.5",
        "m.onnx --samples alll",
        "m.onnx --seed 1 --seed 2",
        "m.onnx --scale 1/0",
        "m.onnx --mean ½",
        "m.onnx --quiet=yes",
        "m.onnx --memory 4X",
        "m.onnx --timeout 0s",
        "m.onnx --statistic medain",
        "m.onnx --format jsno",
        "m.onnx --format csv=m.onnx",
        "m.onnx --format csv=nowhere/m.csv",
        "m.onnx --html m.onnx",
        "m.onnx --data x=names.txt --html names.txt",
        "m.onnx --out out --format csv=out/series.csv",
        "m.onnx --device gpu",
        "m.onnx --dim batch",
        "m.onnx --data mnits",
        "m.onnx --data x=random",
        "m.onnx --labels l.npy --data random",
        "m.onnx --only fcl",
        "m.onnx --amount 0.3",
        "m.onx",
        "nowhere/m.onnx",
        "prnue m.onnx",
        "@missing.txt",
        "@m.onnx.data",
        "@names.txt",
        "@empty.txt",
        "-",
        "inspect",
        "inspect m.onnx m.onnx",
        "inspect nowhere/m.onnx",
        "inspect .",
        "inspect m.onnx --threshold 0.1",
        "compare m.onnx",
        "compare m.onnx m.onnx --html m.onnx",
        "compare m.onnx m.onnx --theshold 0.1",
        "prune m.onnx --amount 130% --out p.onnx",
        "prune m.onnx --amount 0.3",
        "prune m.onnx --out p.onnx --amuont 0.3",
        "prune m.onnx --out p.onnx --amount 0.3 --only fc9",
        "completion",
        "completion csh",
        "completion bash --quiet",
    ];

    [Fact]
    public async Task Each_is_answered_by_one_line_that_names_the_fix()
    {
        File.Copy(Path.Combine(SharedFiles.Repository, "models", "digits-mlp", "ckpt_005.onnx"), At("m.onnx"));
        await File.WriteAllTextAsync(At("names.txt"), "m.onnx\n\nm2.onnx\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(At("empty.txt"), "\n\n", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(At("m.onnx.data"), [8, 0xFF, 0xFE, 1], TestContext.Current.CancellationToken);
        var text = new StringBuilder();
        foreach (var call in Calls)
        {
            var before = shell.Error.Length;
            string[] words = [.. call.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Placed)];
            var code = await shell.RunAsync(words);
            Assert.NotEqual(0, code);
            var answer = shell.Error[before..].Replace(shell.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
            Assert.Equal(answer.Length - 1, answer.IndexOf('\n', StringComparison.Ordinal));
            text.Append($"$ emergence-analyze {call}\n[{code}] {answer}");
        }
        Assert.Empty(shell.Output);
        Golden.Check("unusual-calls.txt", Encoding.UTF8.GetBytes(text.ToString()));
    }

    private string At(string name) => Path.Combine(shell.Folder, name);

    // The working directory belongs to all tests: names are made to lie in the test's own.
    private string Placed(string word) =>
        word.StartsWith('@') ? $"@{At(word[1..])}"
        : !word.Contains(".onx", StringComparison.Ordinal) && !word.Contains(".onnx", StringComparison.Ordinal) ? word
        : word.Split('=') is [var form, var file] ? $"{form}={At(file)}" : At(word);
}
