using System.Text.Json;
using Emergence.Analyzer.Tests.Cli;
using Emergence.Analyzer.Tests.Instrumentation;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Landscapes;

/// <summary>The command line of <c>landscape</c>.</summary>
public class LandscapeCommandTests
{
    [Theory]
    [InlineData("one.onnx --directions trajectory", 2,
        "--directions trajectory: needs three or more checkpoints to span a plane, and one is given; name a series, or use "
        + "--directions between for two")]
    [InlineData("one.onnx --directions between", 2,
        "--directions between: needs two checkpoints, and one is given; name the two ends of the line")]
    [InlineData("--directions between one.onnx wide.onnx", 1,
        "layer 0 is 'h1' (MatMul, 9 nodes) where it was 'h1' (MatMul, 8 nodes)")]
    [InlineData("--directions between one.onnx tanh.onnx", 1, "node '' (Tanh) is where '' (Relu) is")]
    [InlineData("one.onnx --directions between --normalize layer", 2,
        "--normalize: scales random directions, not those of --directions between; leave it out")]
    [InlineData("one.onnx --targets x.npy", 2, "--targets goes with --loss mse only; leave it out, or give --loss mse")]
    [InlineData("one.onnx --loss mse --targets x.npy", 1, "x.npy: has 6 values for a sample, but output 'y' of one.onnx has 3")]
    [InlineData("one.onnx --loss output", 1, "which --loss output cannot use; it needs values for each sample")]
    [InlineData("quantized.onnx", 1,
        "'w' is stored as int8; a landscape moves weights of float16, float32 or float64 by small steps: give the model as it "
        + "was before it was quantized")]
    [InlineData("computed.onnx", 1, "")]
    [InlineData("one.onnx --grid 2", 2, "--grid: '2' is not a whole number of at least 3")]
    public async Task what_cannot_be_measured_is_said_in_one_line(string call, int code, string message)
    {
        using var shell = new Shell();
        Files(shell.Folder);
        string[] args = [.. call.Split(' ').Select(word => word.Contains('.', StringComparison.Ordinal) ? At(word) : word)];
        Assert.Equal(code, await shell.RunAsync(
            ["landscape", .. args, "--data", At("x.npy"), "--labels", At("labels.txt"), "--quiet", .. call.Contains("--grid",
                StringComparison.Ordinal) ? [] : (string[])["--grid", "3"]]));
        var error = Assert.Single(shell.Error.TrimEnd().Split('\n'), line => line.StartsWith("error: ",
            StringComparison.Ordinal));
        Assert.Contains(message, error.Replace(shell.Folder + Path.DirectorySeparatorChar, "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.Empty(shell.Output);

        string At(string name) => Path.Combine(shell.Folder, name);
    }

    [Fact]
    public async Task samples_without_labels_are_said_in_one_line()
    {
        using var shell = new Shell();
        Files(shell.Folder);
        Assert.Equal(1, await shell.RunAsync(
            "landscape", Path.Combine(shell.Folder, "one.onnx"), "--data", Path.Combine(shell.Folder, "x.npy")));
        Assert.Contains("cross-entropy needs the class of each sample, and the samples have no labels; give --labels FILE, or "
        + "--loss mse with --targets FILE", shell.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task the_folder_holds_the_grid_its_picture_and_the_numbers()
    {
        using var shell = new Shell();
        Files(shell.Folder);
        var place = Path.Combine(shell.Folder, "out");
        Assert.Equal(0, await shell.RunAsync("landscape", Path.Combine(shell.Folder, "one.onnx"), "--data",
            Path.Combine(shell.Folder, "x.npy"), "--labels", Path.Combine(shell.Folder, "labels.txt"), "--grid", "5", "--out",
                place));
        Assert.Equal(["landscape.csv", "landscape.html", "landscape.json", "landscape.svg"],
            Directory.GetFileSystemEntries(place).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(place, "landscape.json")));
        var landscape = json.RootElement.GetProperty("landscapes")[0];
        Assert.Equal(5, landscape.GetProperty("losses").GetArrayLength());
        Assert.Equal(landscape.GetProperty("loss").GetDouble(), landscape.GetProperty("losses")[2][2].GetDouble());
        Assert.Equal(["minima", "roughness", "sharpness", "curvature_min", "curvature_max", "hessian_trace", "top_eigenvalue"],
            landscape.GetProperty("numbers").EnumerateArray().Select(number => number.GetProperty("name").GetString()));
        var lines = File.ReadAllLines(Path.Combine(place, "landscape.csv"));
        Assert.Equal("checkpoint,x,y,loss,accuracy", lines[0]);
        Assert.Equal(26, lines.Length);
        Assert.StartsWith("<svg ", File.ReadAllText(Path.Combine(place, "landscape.svg")), StringComparison.Ordinal);
        Assert.Contains("hessian trace", shell.Output, StringComparison.Ordinal);
    }

    private static void Files(string folder)
    {
        Save("one.onnx", LandscapeRun.Classifier());
        var tanh = LandscapeRun.Classifier();
        tanh.Proto.Graph.Node.Single(node => node.OpType == "Relu").OpType = "Tanh";
        Save("tanh.onnx", tanh);
        Save("wide.onnx", new TinyModel(13).Declared("x", "batch 6").Weight("w1", 6, 9).Weight("b1", 9).Weight("w2", 3, 9)
            .Weight("b2", 3)
            .Node("MatMul", "x w1", "h1").Node("Add", "h1 b1", "h2").Node("Relu", "h2", "h3")
            .Node("Gemm", "h3 w2 b2", "y", LandscapeRun.TransB).Output("y", [null, 3]));
        Save("quantized.onnx", new TinyModel(13).Declared("x", "batch 6")
            .Initializer("w", [6, 3], TinyModel.Quarters(18, 1).Select(value => value * 4), DataType.Int8).Scalar("s", 0.25)
            .Node("DequantizeLinear", "w s", "f").Node("MatMul", "x f", "y").Output("y", [null, 3]));
        Save("computed.onnx", new TinyModel(13).Declared("x", "batch 6").Node("Relu", "x", "y").Output("y", [null, 6]));
        File.WriteAllBytes(Path.Combine(folder, "x.npy"), Datasets.Bytes.Npy("<f4", $"({LandscapeRun.Samples}, 6)",
            TinyModel.Encode(TinyModel.Sixteenths(LandscapeRun.Samples * 6, 5), DataType.Float)));
        File.WriteAllText(Path.Combine(folder, "labels.txt"),
            string.Join('\n', Enumerable.Range(0, LandscapeRun.Samples).Select(i => i * 7 % 3)));

        void Save(string name, TinyModel model) =>
            Emergence.Checkpoints.ModelFile.Save(model.Proto, Path.Combine(folder, name));
    }
}
