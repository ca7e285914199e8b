using System.Text;
using System.Text.Json;
using Emergence.Analyzer.Reports.Inspection;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Emergence.CommandLine;
using Emergence.Testing;
using Emergence.Tracing;
using Emergence.Tracing.Model;
using Onnx;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary><c>inspect --tensors</c>, on the network that docs/tracing.md explains.</summary>
public sealed class TensorInspectionTests : IDisposable
{
    private static readonly AttributeProto Axis = AttributeProto.Of("axis", 1);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string folder = Directory.CreateTempSubdirectory("emergence-").FullName;

    /// <summary>A layer that is split, two that are added, a concatenation, and one that reads it.</summary>
    private static ModelProto Network => new TinyModel(17)
        .Input("x", [null, 4])
        .Weight("fc1.weight", 4, 6).Weight("fc2.weight", 4, 3).Weight("fc3.weight", 2, 3).Weight("head.weight", 9, 2)
        .Longs("sizes", 4, 2)
        .Node("MatMul", "x fc1.weight", "fc1").Node("Relu", "fc1", "h")
        .Node("Split", "h sizes", "upper lower", Axis)
        .Node("MatMul", "upper fc2.weight", "fc2").Node("MatMul", "lower fc3.weight", "fc3")
        .Node("Add", "fc2 fc3", "sum").Node("Concat", "h sum", "joined", Axis)
        .Node("MatMul", "joined head.weight", "y").Output("y", [null, 2]).Proto;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void the_table_is_the_one_that_docs_show()
    {
        var table = Written(InspectionTable.Write, Inspect(Network));
        Golden.Check("inspect-tensors.txt", Encoding.UTF8.GetBytes(table));
        var shown = table[table.IndexOf("#  layer", StringComparison.Ordinal)..];
        var document = File.ReadAllText(Path.Combine(SharedFiles.Repository, "docs", "tracing.md"));
        Assert.All(shown.Split("\n\n"), part => Assert.Contains(part.Trim(), document, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void json_holds_the_same_in_every_culture(string culture) => Cultures.Run(culture, () =>
        Golden.Check("inspect-tensors.json", Encoding.UTF8.GetBytes(Written(InspectionJson.Write, Inspect(Network)))));

    [Fact]
    public void a_layer_behind_split_concat_and_a_merge()
    {
        var tensors = Inspect(Network).Tensors!.Value.ToDictionary(tensor => tensor.Name);
        Assert.Equal([new CarriedLayer(0, true, true, null)], tensors["h"].Carried);
        Assert.Equal([new CarriedLayer(0, false, true, null)], tensors["lower"].Carried);
        Assert.Equal([new CarriedLayer(2, true, true, null)], tensors["sum"].Carried);
        Assert.Equal(
            [new CarriedLayer(0, true, true, new AxisSlice(1, 0, 6)), new CarriedLayer(2, true, true, new AxisSlice(1, 6, 9))],
            tensors["joined"].Carried);
        Assert.Equal([new TensorFactor(6, AxisRole.Channel)], tensors["h"].Axes!.Value[1].Factors);
        Assert.True(tensors["sizes"].IsConstant);
        Assert.False(tensors["x"].IsConstant);
    }

    /// <summary>A reshape that joins the batch with the features; a rank that only a run would show.</summary>
    [Fact]
    public void factors_and_unknown_shapes_are_said()
    {
        var model = new TinyModel(17).Input("x", [null, 4]).Weight("w", 4, 6).Longs("flat", -1)
            .Scalar("half", 0.5).Node("MatMul", "x w", "g").Node("Mul", "g half", "h").Node("Reshape", "h flat", "all")
            .Node("Mystery", "all", "riddle").Node("Relu", "riddle", "y").Output("y").Proto;
        var tensors = Inspect(model).Tensors!.Value.ToDictionary(tensor => tensor.Name);
        var axis = Assert.Single(tensors["all"].Axes!.Value);
        Assert.Equal(18, axis.Size);
        Assert.Equal([new TensorFactor(3, AxisRole.Batch), new TensorFactor(6, AxisRole.Channel)], axis.Factors);
        Assert.Null(tensors["riddle"].Axes);
        Assert.Equal([new CarriedLayer(0, true, false, null)], tensors["riddle"].Carried);
        var table = Written(InspectionTable.Write, Inspect(model));
        Assert.Contains("3 batch·6 channel", table, StringComparison.Ordinal);
        Assert.Matches("\nhalf +float +scalar +yes\n", table);
        Assert.Contains("riddle  float  unknown                       0 mixed\n", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task tensors_are_shown_when_asked_for()
    {
        using var shell = new Shell();
        var file = Saved(Network);
        Assert.Equal(ExitCode.Done, await shell.RunAsync(Token, "inspect", file, "--format", "json", "--tensors"));
        using var json = JsonDocument.Parse(shell.Output);
        Assert.Equal(15, json.RootElement.GetProperty("tensors").GetArrayLength());

        using var plain = new Shell();
        Assert.Equal(ExitCode.Done, await plain.RunAsync(Token, "inspect", file, "--format", "json"));
        Assert.DoesNotContain("tensors", plain.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dot")]
    [InlineData("mermaid")]
    public async Task a_format_without_tensors_is_refused(string format)
    {
        using var shell = new Shell();
        Assert.Equal(ExitCode.Usage, await shell.RunAsync(Token, "inspect", Saved(Network), "--tensors", "--format", format));
        Assert.Equal($"error: --tensors: --format {format} shows layers and edges only; expected table or json\n", shell.Error);
        Assert.Empty(shell.Output);
    }

    private LayerInspection Inspect(ModelProto model) =>
        LayerInspection.Of(Saved(model), new TraceOptions(), tensors: true) with { File = "model.onnx" };

    private string Saved(ModelProto model)
    {
        var path = Path.Combine(folder, "model.onnx");
        ModelFile.Save(model, path);
        return path;
    }

    private static string Written(Action<LayerInspection, Stream> write, LayerInspection inspection)
    {
        using var stream = new MemoryStream();
        write(inspection, stream);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
