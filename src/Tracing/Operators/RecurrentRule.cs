using System.Collections.Immutable;
using Emergence.Analyzer.Metrics;
using Emergence.Tracing.Model;
using Emergence.Tracing.Values;

namespace Emergence.Tracing.Operators;

/// <summary>LSTM, GRU and RNN: the hidden units of each direction are the nodes, time steps are samples,
/// recurrence is no edge.</summary>
internal sealed class RecurrentRule : OpRule
{
    public override OpKind Kind => OpKind.Layer;

    public override ImmutableArray<string> Ops => ["LSTM", "GRU", "RNN", "com.microsoft::DynamicQuantizeLSTM"];

    public override void Apply(NodeContext node)
    {
        var (data, weight, recurrence) = (node.Shaped(0), node.Shaped(1), node.Shaped(2));
        if (data.Rank != 3 || weight.Rank != 3 || recurrence.Rank != 3)
            throw new TraceException("a recurrent layer needs input, weight and recurrence weight of rank 3");
        var batchFirst = node.Attributes.Int("layout", 0) == 1;
        var (time, batch) = batchFirst ? (data.Axes[1], data.Axes[0]) : (data.Axes[0], data.Axes[1]);
        data.Axes[2].Contract();
        var directions = Axis.Of(weight.Axes[0].Size, AxisRole.Channel);
        // Quantized weights lie transposed: [directions, hidden, 4 · hidden].
        var isTransposed = node.Op == "DynamicQuantizeLSTM";
        var hidden = Axis.Of(recurrence.Axes[isTransposed ? 1 : 2].Size, AxisRole.Channel);
        time = time.As(AxisRole.Sample);
        batch = batch.As(AxisRole.Sample);
        ImmutableArray<Axis> sequence = batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden];
        ImmutableArray<Axis> last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];

        var states = Enumerable.Range(5, 2).Select(node.Optional).OfType<TracedTensor>().ToLookup(state => state.IsConstant);
        var weights = new[] { weight, recurrence }.Where(tensor => tensor.IsConstant).Select(tensor => tensor.Name);
        var output = node.Trace.Open(node, node.NewTensor(sequence, data.ElementType), [data, .. states[false]], weights);
        var layer = output.Carries[0].Layer;
        if (node.Optional(3) is { IsConstant: true } bias)
            node.Trace.AddParameters(layer, bias.Name, ParameterRole.Bias);
        if (node.Op is "LSTM" or "DynamicQuantizeLSTM" && node.Optional(7) is { IsConstant: true } peephole)
            node.Trace.AddParameters(layer, peephole.Name, ParameterRole.Weight);
        foreach (var state in states[true])
            Start(node, layer, state.Name);
        layer.Activation = node.Op is "LSTM" or "DynamicQuantizeLSTM"
            ? "Lstm"
            : node.Op == "GRU"
            ? "Gru"
            : node.Attributes.Strings("activations") is [var first, ..]
            ? first
            : "Tanh";
        node.Output(0, output);
        for (var i = 1; i < node.Node.Output.Count; i++)
        {
            node.Output(i, node.NewTensor(last, data.ElementType) with { Carries = output.Carries });
        }
        // The cells of an LSTM, its third output, are other values than the nodes.
        if (node.Node.Output.ElementAtOrDefault(1) is { Length: > 0 } lastStates)
            layer.Repeats[lastStates] = Last(output.Shape, batchFirst ? 1 : 0, node.Attributes.Text("direction", "forward"));
    }

    /// <summary>The states that each direction ends with, in terms of those of all steps.</summary>
    private static ElementMap Last(int[] states, int time, string direction)
    {
        ElementMap At(int step) => ElementMaps.Gather(states, time, [], [step]);
        var (first, last) = (At(0), At(-1));
        var stride = Shapes.Count(states.AsSpan(time + 2));
        return direction switch
        {
            "forward" => last,
            "reverse" => first,
            _ => ElementMap.OneEach(first.To, [.. Enumerable.Range(0, first.From).Select(element =>
                (element / stride % 2 == 0 ? last : first)[element][0])]),
        };
    }

    public override int? SampleAxis(OperatorCall call, int input)
    {
        var isBatchFirst = call.Attributes.Int("layout", 0) == 1;
        return input switch { 0 or 5 or 6 => isBatchFirst ? 0 : 1, 4 => 0, _ => null };
    }

    public override IEnumerable<int> Mixes(OperatorCall call) =>
        From(0, call.Shape(0)).Where(axis => axis != (call.Attributes.Int("layout", 0) == 1 ? 0 : 1));

    /// <summary>A direction's rows are those of all its gates; com.microsoft's quantized LSTM packs them in
    /// another way.</summary>
    public override LayerWeights? Weights(OperatorCall call) => call.Op == "DynamicQuantizeLSTM" ? null : new(Data: 0, Weight: 1)
    {
        OutputAxis = 1,
        InputAxis = 2,
        DataAxis = call.Shape(0).Length - 1,
        Recurrence = 2,
    };

    /// <summary>A stored state to start from: parameters, unless it is the zeros that are taken where none is given.</summary>
    private static void Start(NodeContext node, LayerBuilder layer, string state)
    {
        if (node.Trace.Constants.Evaluate(state) is { Values: var values } && Array.TrueForAll(values, value => value == 0))
            node.Trace.Absent.UnionWith(node.Trace.Constants.Sources(state));
        else
            node.Trace.AddParameters(layer, state, ParameterRole.Bias);
    }
}
