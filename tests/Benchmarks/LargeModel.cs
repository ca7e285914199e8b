using System.Globalization;
using Emergence.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Benchmarks;

/// <summary>
/// What a large model takes: a chain of dense layers, stored inside the file and as external data, through the program and
/// through plain inference. Prints the peak memory of the processes as a multiple of the weights, and the waiting time.
/// </summary>
internal static class LargeModel
{
    private const int Width = 4096;
    private const int Samples = 64;
    private const string Inside = "inside.onnx", Outside = "outside.onnx", Data = "outside.bin";

    /// <summary>Measures: <c>large FOLDER LAYERS PROGRAM</c>; models that are not in the folder are made there.</summary>
    /// <returns>0; 1 where a call failed.</returns>
    public static int Run(string folder, int layers, string program)
    {
        Make(folder, layers);
        var weights = BytesOf(layers);
        var failed = false;
        Console.WriteLine("| model | call | peak / weights | time |\n| --- | --- | ---: | ---: |");
        foreach (var file in (string[])[Inside, Outside])
        {
            var path = Path.Combine(folder, file);
            string[] prune = ["prune", path, "--amount", "0.3", "--out", Path.Combine(folder, "pruned", file), "--quiet"];
            (string Name, string Program, string[] Call)[] calls =
            [
                ("plain inference", Environment.ProcessPath!, ["large-plain", path]),
                ("analysis", program, [path, "--samples", $"{Samples}", "--format", "csv", "--quiet", "--threads", "2"]),
                ("prune", program, prune),
                ("prune --no-verify", program, [.. prune, "--no-verify"]),
            ];
            foreach (var (name, tool, call) in calls)
            {
                var (code, peak, time, _) = PeakMemory.Of(tool, call);
                failed |= code != 0;
                var failure = code == 0 ? "" : $", exit code {code}";
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"| {file} | {name}{failure} | {(double)peak / weights:0.00} | {time.TotalSeconds:0.0} s |"));
            }
        }
        return failed ? 1 : 0;
    }

    /// <summary>Runs the samples once, as a program would that knows nothing of layers.</summary>
    public static void Plain(string path)
    {
        using var settings = new SessionOptions { IntraOpNumThreads = 2 };
        using var session = new InferenceSession(path, settings);
        using var input = OrtValue.CreateTensorValueFromMemory(new float[Samples * Width], [Samples, Width]);
        using var options = new RunOptions();
        session.Run(options, ["x"], [input], session.OutputNames).Dispose();
    }

    private static long BytesOf(int layers) => sizeof(float) * (long)layers * Width * Width;

    private static void Make(string folder, int layers)
    {
        // The last file to be written: what was made for another number of layers, or not to its end, is made again.
        var outside = new FileInfo(Path.Combine(folder, Outside));
        if (outside.Exists && new FileInfo(Path.Combine(folder, Data)).Length == BytesOf(layers))
            return;
        outside.Delete();
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(Path.Combine(folder, "pruned"));
        var (graph, random, weights) = (new GraphBuilder("large"), new Random(0), new float[Width * Width]);
        var value = graph.Input("x", DataType.Float, "N", Width);
        for (var layer = 0; layer < layers; layer++)
        {
            for (var i = 0; i < weights.Length; i++)
                weights[i] = (float)((random.NextDouble() - 0.5) * Math.Sqrt(24.0 / Width));
            value = graph.Node("Relu", [graph.Node("MatMul", [value, graph.Initializer($"w{layer}", [Width, Width], weights)])]);
        }
        graph.Output(value, DataType.Float, "N", Width);
        var model = graph.Build(opset: 13, ir: 8, "benchmarks");
        ModelFile.Save(model, Path.Combine(folder, Inside));
        using (var data = File.Create(Path.Combine(folder, Data)))
        {
            foreach (var tensor in model.Graph.Initializer)
            {
                tensor.DataLocation = DataLocation.External;
                tensor.ExternalData.Add(Entry("location", Data));
                tensor.ExternalData.Add(Entry("offset", data.Position.ToString(CultureInfo.InvariantCulture)));
                tensor.ExternalData.Add(Entry("length", tensor.RawData.Length.ToString(CultureInfo.InvariantCulture)));
                tensor.RawData.WriteTo(data);
                tensor.ClearRawData();
            }
        }
        ModelFile.Save(model, Path.Combine(folder, Outside));
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };
}
