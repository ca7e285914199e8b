using Emergence.Analyzer.Tests.Instrumentation;
using Emergence.Checkpoints;
using Onnx;

namespace Emergence.Analyzer.Tests.Graphs.Ops;

/// <summary>Recurrent layers: 4 features in, 3 hidden units per direction; time steps are samples.</summary>
public class RecurrentCases
{
    private static readonly Dictionary<string, (TinyModel Model, string Graph)> Cases = new()
    {
        ["LSTM"] = (Sequence().Weights(1, 4).Weight("b", 1, 24).Node("LSTM", "x w r b", "o", Hidden).ThenDense(3), """
            LSTM Lstm o [S5 C1 B C3] n=3 m=3 (w r +b)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["LSTM with peepholes"] = (Sequence()
            .Weights(1, 4)
            .Weight("b", 1, 24)
            .Weight("p", 1, 9)
            .Node("LSTM", "x w r b    p", "o", Hidden)
            .ThenDense(3), """
            LSTM Lstm o [S5 C1 B C3] n=3 m=3 (w r +b p)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["LSTM in both directions"] =
            (Sequence().Weights(2, 4).Node("LSTM", "x w r", "o", Hidden, Direction("bidirectional")).ThenDense(6), """
            LSTM Lstm o [S5 C2 B C3] n=6 m=6 (w r)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["LSTM, reverse, of which the last state is used"] =
            (Sequence().Weights(1, 4).Node("LSTM", "x w r", " o", Hidden, Direction("reverse"))
            .Longs("axes", 0).Node("Squeeze", "o axes", "s").Weight("v", 3, 2).Node("MatMul", "s v", "y").Output("y"), """
            LSTM Lstm o_Y [S5 C1 B C3] n=3 m=3 (w r)
            MatMul - y [B C2] n=2 m=2 (v)
            0>1
            """),
        ["LSTM of which the cell is used"] = (Sequence().Weights(1, 4).Node("LSTM", "x w r", "  c", Hidden)
            .Longs("axes", 0).Node("Squeeze", "c axes", "s").Weight("v", 3, 2).Node("MatMul", "s v", "y").Output("y"), """
            LSTM Lstm c_Y [S5 C1 B C3] n=3 m=3 (w r)
            MatMul - y [B C2] n=2 m=2 (v)
            0>1
            """),
        ["GRU"] = (Sequence().Weights(1, 3).Weight("b", 1, 18).Node("GRU", "x w r b", "o", Hidden).ThenDense(3), """
            GRU Gru o [S5 C1 B C3] n=3 m=3 (w r +b)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["GRU in both directions"] =
            (Sequence().Weights(2, 3).Node("GRU", "x w r", "o", Hidden, Direction("bidirectional")).ThenDense(6), """
            GRU Gru o [S5 C2 B C3] n=6 m=6 (w r)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["RNN"] = (Sequence().Weights(1, 1).Node("RNN", "x w r", "o", Hidden).ThenDense(3), """
            RNN Tanh o [S5 C1 B C3] n=3 m=3 (w r)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["RNN in both directions, with ReLU"] = (Sequence().Weights(2, 1)
            .Node("RNN", "x w r", "o", Hidden, Direction("bidirectional"), AttributeProto.Of("activations", ["Relu", "Relu"]))
                .ThenDense(6), """
            RNN Relu o [S5 C2 B C3] n=6 m=6 (w r)
            MatMul - y [S5 B C2] n=2 m=2 (v)
            0>1
            """),
        ["two LSTMs, batch first behind Transposes"] =
            (new TinyModel(13).Input("x", [null, 5, 4]).Node("Transpose", "x", "t", AttributeProto.Of("perm", [1L, 0L, 2L]))
            .Weights(1, 4).Node("LSTM", "t w r", "o", Hidden).Longs("one", 1).Node("Squeeze", "o one", "s")
            .Weight("w2", 1, 12, 3).Weight("r2", 1, 12, 3).Node("LSTM", "s w2 r2", "o2", Hidden).Node("Squeeze", "o2 one", "s2")
            .Node("Transpose", "s2", "y", AttributeProto.Of("perm", [1L, 0L, 2L])).Output("y"), """
            LSTM Lstm o [S5 C1 B C3] n=3 m=3 (w r)
            LSTM Lstm o2 [S5 C1 B C3] n=3 m=3 (w2 r2)
            0>1
            """),
        ["a state that an earlier layer computes"] = (new TinyModel(13)
            .Input("x", [null, 5, 4])
            .Input("c", [null, 2])
            .Node("Transpose", "x", "t", AttributeProto.Of("perm", [1L, 0L, 2L]))
            .Weight("u", 2, 3).Node("MatMul", "c u", "h").Longs("zero", 0).Node("Unsqueeze", "h zero", "h0")
            .Weights(1, 1).Node("RNN", "t w r   h0", "y", Hidden).Output("y"), """
            MatMul - h [B C3] n=3 m=3 (u)
            RNN Tanh y [S5 C1 B C3] n=3 m=3 (w r)
            0>1
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void is_traced_and_counted(string name) => TracedRun.Holds(Cases[name].Model, Cases[name].Graph);

    private static TinyModel Sequence() => new TinyModel(13).Input("x", [5, null, 4]);

    private static AttributeProto Hidden => AttributeProto.Of("hidden_size", 3);

    private static AttributeProto Direction(string direction) => AttributeProto.Of("direction", direction);
}

file static class RecurrentModels
{
    /// <summary>Weight and recurrence weight for a number of directions and gates.</summary>
    public static TinyModel Weights(this TinyModel model, int directions, int gates) =>
        model.Weight("w", directions, gates * 3, 4).Weight("r", directions, gates * 3, 3);

    /// <summary>[time, directions, batch, hidden] to [time, batch, features], as exporters do, and a dense layer.</summary>
    public static TinyModel ThenDense(this TinyModel model, long features) => model
        .Node("Transpose", "o", "ot", AttributeProto.Of("perm", [0L, 2L, 1L, 3L]))
            .Longs("shape", 0, 0, -1)
            .Node("Reshape", "ot shape", "f")
        .Weight("v", features, 2).Node("MatMul", "f v", "y").Output("y");
}
