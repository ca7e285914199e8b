using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Measuring.Weights;
using Emergence.Tracing.Model;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Measuring.Losses;

/// <summary>Computes losses at points, one after the other, in buffers of its own.</summary>
public sealed class LossWorker : IDisposable
{
    private readonly InferenceSession session;
    private readonly ProbeRunner runner;
    private readonly BatchPlan plan;
    private readonly ImmutableArray<Buffer> buffers;
    private readonly ImmutableArray<(string, OrtValue)> inputs;
    private readonly string[] outputs;

    internal LossWorker(
        InferenceSession session, LayerGraph graph, SurfaceModel model, Probe probe, BatchPlan plan, string path, LossMeter meter)
    {
        (this.session, this.plan, Meter) = (session, plan, meter);
        outputs = [meter.Head.Tensor];
        runner = new ProbeRunner(graph.Inputs, probe, plan, path);
        buffers = [.. model.Stored.Select(input => new Buffer(input, model.Tensors[input.Tensor]))];
        inputs = [.. buffers.Select(buffer => (buffer.Name, buffer.Value))];
    }

    internal LossMeter Meter { get; }

    /// <summary>The loss where the weights are those of the checkpoint and the steps added to them.</summary>
    /// <param name="steps">At most two; steps of length 0 add nothing.</param>
    /// <param name="token">Ends the run in progress.</param>
    /// <exception cref="Checkpoints.UserException">The model does not run, or its output is not what the loss needs.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was canceled.</exception>
    public LossValue At(ReadOnlySpan<Move> steps, CancellationToken token)
    {
        foreach (var buffer in buffers)
            buffer.Set(steps);
        foreach (var segment in plan.Segments)
            runner.Run(session, outputs, segment, Meter.Add, token, others: inputs);
        return Meter.Take();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        runner.Dispose();
        foreach (var buffer in buffers)
            buffer.Value.Dispose();
    }

    /// <summary>The weights of one input, in memory that the runtime reads.</summary>
    private sealed class Buffer
    {
        private readonly StoredInput input;
        private readonly MovedTensor tensor;
        private readonly byte[] bytes;
        private bool isAtCenter;

        public Buffer(StoredInput input, MovedTensor tensor)
        {
            (this.input, this.tensor) = (input, tensor);
            var size = (DataType)input.ElementType switch { DataType.Double => 8, DataType.Float => 4, _ => 2 };
            bytes = GC.AllocateUninitializedArray<byte>(tensor.Values.Length * size, pinned: true);
            Value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, (TensorElementType)input.ElementType,
                [.. input.Dims], Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0), bytes.Length);
        }

        public string Name => input.Name;

        public OrtValue Value { get; }

        public void Set(ReadOnlySpan<Move> steps)
        {
            ReadOnlySpan<double> first = [], second = [];
            double a = 0, b = 0;
            foreach (var step in steps)
            {
                var part = step.Direction.Parts[input.Tensor].Span;
                if (part.IsEmpty || step.Length == 0)
                    continue;
                if (first.IsEmpty)
                {
                    first = part;
                    a = step.Length;
                }
                else
                {
                    second = part;
                    b = step.Length;
                }
            }
            if (first.IsEmpty && isAtCenter)
                return;
            isAtCenter = first.IsEmpty;
            Write(first, a, second, b);
        }

        private void Write(ReadOnlySpan<double> first, double a, ReadOnlySpan<double> second, double b)
        {
            var center = tensor.Values.Span;
            if ((DataType)input.ElementType == DataType.Float && !input.IsTransposed)
            {
                Write(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()), center, first, a, second, b);
                return;
            }
            for (var i = 0; i < center.Length; i++)
            {
                var at = input.SourceOf(i, center.Length);
                var value = center[at] + (first.IsEmpty ? 0 : a * first[at]) + (second.IsEmpty ? 0 : b * second[at]);
                switch ((DataType)input.ElementType)
                {
                    case DataType.Double: MemoryMarshal.Cast<byte, double>(bytes.AsSpan())[i] = value; break;
                    case DataType.Float: MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[i] = (float)value; break;
                    default: MemoryMarshal.Cast<byte, Half>(bytes.AsSpan())[i] = (Half)value; break;
                }
            }
        }

        private static void Write(
            Span<float> target, ReadOnlySpan<double> center, ReadOnlySpan<double> first, double a, ReadOnlySpan<double> second,
            double b)
        {
            target = target[..center.Length];
            if (second.IsEmpty)
            {
                for (var i = 0; i < target.Length; i++)
                    target[i] = (float)(center[i] + (first.IsEmpty ? 0 : a * first[i]));
                return;
            }
            for (var i = 0; i < target.Length; i++)
                target[i] = (float)(center[i] + a * first[i] + b * second[i]);
        }
    }
}
