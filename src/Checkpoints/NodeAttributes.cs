using System.Text;
using Google.Protobuf;
using Onnx;
using static Onnx.AttributeProto.Types;

namespace Emergence.Checkpoints;

/// <summary>Makes node attributes: <c>AttributeProto.Of("axis", 1)</c>.</summary>
public static class NodeAttributes
{
    extension(AttributeProto)
    {
        /// <summary>An integer attribute.</summary>
        public static AttributeProto Of(string name, long value) =>
            new() { Name = name, Type = AttributeType.Int, I = value };

        /// <summary>A float attribute.</summary>
        public static AttributeProto Of(string name, float value) =>
            new() { Name = name, Type = AttributeType.Float, F = value };

        /// <summary>A string attribute, as UTF-8.</summary>
        public static AttributeProto Of(string name, string value) =>
            new() { Name = name, Type = AttributeType.String, S = ByteString.CopyFrom(value, Encoding.UTF8) };

        /// <summary>A tensor attribute.</summary>
        public static AttributeProto Of(string name, TensorProto value) =>
            new() { Name = name, Type = AttributeType.Tensor, T = value };

        /// <summary>A graph attribute: the body of a control-flow node.</summary>
        public static AttributeProto Of(string name, GraphProto value) =>
            new() { Name = name, Type = AttributeType.Graph, G = value };

        /// <summary>A list of integers.</summary>
        public static AttributeProto Of(string name, params ReadOnlySpan<long> values)
        {
            var attribute = new AttributeProto { Name = name, Type = AttributeType.Ints };
            attribute.Ints.AddRange(values);
            return attribute;
        }

        /// <summary>A list of floats.</summary>
        public static AttributeProto Of(string name, params ReadOnlySpan<float> values)
        {
            var attribute = new AttributeProto { Name = name, Type = AttributeType.Floats };
            attribute.Floats.AddRange(values);
            return attribute;
        }

        /// <summary>A list of strings, as UTF-8.</summary>
        public static AttributeProto Of(string name, params ReadOnlySpan<string> values)
        {
            var attribute = new AttributeProto { Name = name, Type = AttributeType.Strings };
            foreach (var value in values)
                attribute.Strings.Add(ByteString.CopyFrom(value, Encoding.UTF8));
            return attribute;
        }
    }
}
