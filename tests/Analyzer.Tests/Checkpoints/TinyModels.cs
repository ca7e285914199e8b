using Emergence.Checkpoints;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>Models small enough to read.</summary>
internal static class TinyModels
{
    /// <summary>y = Relu(x W + b), W = [[1, -1], [2, 0]], b = [0.5, 0.25].</summary>
    public static ModelProto Dense()
    {
        var graph = new GraphBuilder("dense");
        var x = graph.Input("x", DataType.Float, "N", 2);
        var w = graph.Initializer("w", [2, 2], [1f, -1f, 2f, 0f]);
        var b = graph.Initializer("b", [2], [0.5f, 0.25f]);
        var sum = graph.Node("Gemm", [x, w, b], AttributeProto.Of("alpha", 1f), AttributeProto.Of("transB", 0));
        graph.AddNode("activation", "Relu", [sum], ["y"]);
        graph.Output("y", DataType.Float, "N", 2);
        return graph.Build(opset: 17, ir: 8, producer: "tests", producerVersion: "1");
    }

    /// <summary>The same with its weight <c>w</c> in a file beside it.</summary>
    public static ModelProto External(string location, long? offset = 0, long? length = 16)
    {
        var model = Dense();
        model.Graph.Initializer[0] = ExternalTensor("w", DataType.Float, [2, 2], location, offset, length);
        return model;
    }

    public static TensorProto ExternalTensor(
        string name, DataType type, long[] dims, string location, long? offset = null, long? length = null)
    {
        var tensor = new TensorProto { Name = name, DataType = (int)type, Dims = { dims }, DataLocation = DataLocation.External };
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        if (offset is not null)
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
        if (length is not null)
            tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{length}" });
        return tensor;
    }
}
