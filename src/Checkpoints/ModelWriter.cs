using Google.Protobuf;
using Onnx;

namespace Emergence.Checkpoints;

/// <summary>Writes models of which large tensors stayed in another file, from file to file: the same bytes as if they had been
/// in memory.</summary>
internal static class ModelWriter
{
    private const int Piece = 1 << 18;

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">Receives it.</param>
    /// <exception cref="UserException">The other file was written again, or cannot be read.</exception>
    public static void Write(ModelProto model, Stream stream)
    {
        if (!model.AllTensors().Any(TensorsInPlace.Holds))
        {
            model.WriteTo(stream);
            return;
        }
        var outer = model.Clone();
        outer.Graph = null;
        var inner = model.Graph.Clone();
        inner.Initializer.Clear();
        Load(outer.AllTensors());
        Load(new ModelProto { Graph = inner }.AllTensors());

        // Fields are written in the order of their numbers: what is left is cut in two where the tensors belong.
        var (head, tail) = Split(outer, ModelProto.GraphFieldNumber);
        var (before, after) = Split(inner, GraphProto.InitializerFieldNumber);
        var lengths = model.Graph.Initializer.Select(LengthOf).ToArray();
        stream.Write(head);
        Begin(stream, ModelProto.GraphFieldNumber, before.Length + after.Length
            + lengths.Sum(length => WithPrefix(GraphProto.InitializerFieldNumber, length)));
        stream.Write(before);
        foreach (var (tensor, length) in model.Graph.Initializer.Zip(lengths))
        {
            Begin(stream, GraphProto.InitializerFieldNumber, length);
            Write(tensor, stream);
        }
        stream.Write(after);
        stream.Write(tail);
    }

    private static void Write(TensorProto tensor, Stream stream)
    {
        if (!TensorsInPlace.Holds(tensor))
        {
            tensor.WriteTo(stream);
            return;
        }
        var (before, after) = Split(WithoutPlace(tensor), TensorProto.RawDataFieldNumber);
        using var slice = ExternalData.Open(tensor, null);
        stream.Write(before);
        Begin(stream, TensorProto.RawDataFieldNumber, (int)slice.Length);
        var buffer = new byte[(int)Math.Min(slice.Length, Piece)];
        for (var at = 0L; at < slice.Length; at += Piece)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(slice.Length - at, Piece));
            slice.Read(at, part);
            stream.Write(part);
        }
        stream.Write(after);
    }

    private static void Load(IEnumerable<TensorProto> tensors)
    {
        foreach (var tensor in tensors.Where(TensorsInPlace.Holds))
        {
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(TensorValues.ToRaw(tensor, null));
            tensor.ExternalData.Clear();
            tensor.ClearDataLocation();
        }
    }

    private static TensorProto WithoutPlace(TensorProto tensor)
    {
        tensor = tensor.Clone();
        tensor.ExternalData.Clear();
        tensor.ClearDataLocation();
        return tensor;
    }

    private static int LengthOf(TensorProto tensor) => TensorsInPlace.Holds(tensor)
        ? WithoutPlace(tensor).CalculateSize() + WithPrefix(TensorProto.RawDataFieldNumber, (int)TensorValues.RawBytes(tensor))
        : tensor.CalculateSize();

    private static int WithPrefix(int field, int length) =>
        CodedOutputStream.ComputeTagSize(field) + CodedOutputStream.ComputeLengthSize(length) + length;

    private static void Begin(Stream stream, int field, int length)
    {
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteLength(length);
    }

    /// <summary>The bytes of a message in front of a field that it does not have, and those behind.</summary>
    private static (byte[] Before, byte[] After) Split(IMessage message, int field)
    {
        var bytes = message.ToByteArray();
        var input = new CodedInputStream(bytes);
        var at = 0;
        while (input.ReadTag() is not 0 and var tag && WireFormat.GetTagFieldNumber(tag) < field)
        {
            input.SkipLastField();
            at = (int)input.Position;
        }
        return (bytes[..at], bytes[at..]);
    }
}
