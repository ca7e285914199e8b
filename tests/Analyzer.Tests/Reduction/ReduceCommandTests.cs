using System.Globalization;
using System.Text;
using Emergence.Analyzer.Tests.Checkpoints;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Checkpoints;
using Emergence.Testing;
using Google.Protobuf;
using Onnx;

namespace Emergence.Analyzer.Tests.Reduction;

public sealed class ReduceCommandTests : IDisposable
{
    private static readonly string LeNet = Path.Combine(SharedFiles.Repository, "models", "digits-lenet", "ckpt_003.onnx");

    private readonly Shell shell = new();
    private readonly string reduced;

    public ReduceCommandTests()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("the commands are for a POSIX shell");
        reduced = Path.Combine(shell.Folder, "reduced.onnx");
    }

    public void Dispose() => shell.Dispose();

    // The names of operators stand in the file as they are.
    private static string[] FailsWith(string text, int code = 7) =>
        ["sh", "-c",
            string.Create(CultureInfo.InvariantCulture, $"if grep -q {text} '{{}}'; then echo has {text}; exit {code}; fi")];

    private Task<int> ReduceAsync(string model, string[] command, params string[] options) =>
        shell.RunAsync(["reduce", model, "--out", reduced, .. options, "--", .. command]);

    private ModelProto Result() => ModelFile.Read(reduced);

    [Fact]
    public async Task What_is_left_is_the_node_that_the_command_fails_on_without_weights_and_names()
    {
        Assert.Equal(0, await ReduceAsync(LeNet, FailsWith("MaxPool")));
        var model = Result();
        Assert.Equal("MaxPool", Assert.Single(model.Graph.Node).OpType);
        Assert.Empty(model.Graph.Initializer);
        Assert.Empty(model.MetadataProps);
        Assert.Equal("", model.Graph.Node[0].Name);
        Assert.Equal("t0", Assert.Single(model.Graph.Input).Name);
        Assert.Equal(4, model.Graph.Input[0].Type.TensorType.Shape.Dim.Count);
        Assert.Equal("d0", model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam);
        Assert.Single(model.Graph.Output);
        Assert.Matches(
            @"^.*ckpt_003\.onnx: \d+ nodes, \d+ bytes; exit code 7: has MaxPool\n.*reduced\.onnx: 1 node, \d+ bytes; exit "
                + "code 7: "
            + @"has MaxPool\noperators: MaxPool; all weights are zero; \d+ runs of the command\n$", shell.Output);
        Assert.Empty(shell.Error);
    }

    [Fact]
    public async Task Values_stay_where_the_fault_needs_them()
    {
        var model = TinyModels.Dense();
        model.Graph.Initializer[0].ClearRawData();
        model.Graph.Initializer[0].FloatData.Clear();
        model.Graph.Initializer[0].RawData = ByteString.CopyFrom("SECRETSECRETSECR"u8);
        var file = Path.Combine(shell.Folder, "model.onnx");
        ModelFile.Save(model, file);
        Assert.Equal(0, await ReduceAsync(file, FailsWith("SECRETSECRET")));
        Assert.Contains("1 weight tensor keeps its values, which the fault needs", shell.Output, StringComparison.Ordinal);
        Assert.Equal("SECRETSECRETSECR", Encoding.ASCII.GetString(Assert.Single(Result().Graph.Initializer,
            tensor => tensor.Dims.Count == 2).RawData.Span));
    }

    [Fact]
    public async Task External_data_come_into_the_small_model()
    {
        var file = Path.Combine(shell.Folder, "model.onnx");
        ModelFile.Save(TinyModels.External("model.bin"), file);
        File.WriteAllBytes(Path.Combine(shell.Folder, "model.bin"), new byte[16]);
        Assert.Equal(0, await ReduceAsync(file, FailsWith("Gemm")));
        Assert.DoesNotContain(Result().AllTensors(), ExternalData.IsExternal);
    }

    [Fact]
    public async Task Another_fault_of_the_same_code_is_kept_apart_by_what_it_says()
    {
        string[] command = ["sh", "-c", "if grep -q MaxPool '{}'; then echo pooled; else echo other; fi; exit 1"];
        Assert.Equal(0, await ReduceAsync(LeNet, command));
        Assert.NotEqual("MaxPool", Result().Graph.Node[0].OpType);
        Assert.Contains("warning: the command ends with the same code, but its last line is another", shell.Error,
            StringComparison.Ordinal);
        Assert.Equal(0, await ReduceAsync(LeNet, command, "--match", "pooled"));
        Assert.Equal("MaxPool", Assert.Single(Result().Graph.Node).OpType);
    }

    [Fact]
    public async Task A_command_that_never_ends_fails_in_its_own_way()
    {
        Assert.Equal(0, await ReduceAsync(LeNet, ["sh", "-c", "if grep -q MaxPool {}; then sleep 100; fi"], "--timeout", "0.3"));
        Assert.Equal("MaxPool", Assert.Single(Result().Graph.Node).OpType);
        Assert.Contains("it took too long", shell.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "the command does not fail on it; nothing to reduce", "true")]
    [InlineData(1, "the command fails, but does not say 'this'; check --match", "--match", "this", "false")]
    [InlineData(2, "cannot be started", "no-such-program")]
    public async Task What_cannot_be_reduced_is_said(int code, string finding, params string[] words)
    {
        string[] options = words.Length > 1 ? words[..2] : [];
        Assert.Equal(code, await ReduceAsync(LeNet, words[^1..], options));
        Assert.Matches("^error: [^\n]*\n$", shell.Error);
        Assert.Contains(finding, shell.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(reduced));
    }

    [Fact]
    public async Task The_model_itself_is_not_overwritten()
    {
        var file = Path.Combine(shell.Folder, "reduced.onnx");
        File.Copy(LeNet, file);
        Assert.Equal(2, await ReduceAsync(file, ["false"]));
        Assert.Equal(File.ReadAllBytes(LeNet), File.ReadAllBytes(file));
    }

    [Fact]
    public async Task Ctrl_C_keeps_the_smallest_by_then()
    {
        using var end = new CancellationTokenSource();
        var log = Path.Combine(shell.Folder, "log");
        var reduce = shell.RunAsync(end.Token, "reduce", LeNet, "--out", reduced, "--", "sh", "-c",
            $"if grep -q MaxPool {{}}; then echo run >> {log}; sleep 0.2; exit 7; fi");
        for (var tries = 0; !File.Exists(log) || File.ReadAllLines(log).Length < 4; tries++)
        {
            Assert.True(tries < 3000, "the command was not run for a minute");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        await end.CancelAsync();
        Assert.Equal(130, await reduce);
        Assert.Contains("the smallest by now", shell.Error, StringComparison.Ordinal);
        Assert.Contains(Result().Graph.Node, node => node.OpType == "MaxPool");
    }
}
