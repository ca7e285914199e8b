using System.Runtime.InteropServices;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// The typed fields of a tensor. <c>int32_data</c> holds one element per number for the types of 8, 16 and 32 bits (the
/// bits of a float16, the value of an int8), and one packed byte per number for the types below.
/// </summary>
internal static class TypedData
{
    /// <summary>Copies the values into their raw form.</summary>
    /// <exception cref="UserException">The number of values is not what the dimensions say.</exception>
    public static void ToRaw(TensorProto tensor, Span<byte> raw)
    {
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float or DataType.Complex64:
                Copy(tensor, tensor.FloatData, MemoryMarshal.Cast<byte, float>(raw));
                break;
            case DataType.Double or DataType.Complex128:
                Copy(tensor, tensor.DoubleData, MemoryMarshal.Cast<byte, double>(raw));
                break;
            case DataType.Int64:
                Copy(tensor, tensor.Int64Data, MemoryMarshal.Cast<byte, long>(raw));
                break;
            case DataType.Uint64:
                Copy(tensor, tensor.Uint64Data, MemoryMarshal.Cast<byte, ulong>(raw));
                break;
            case DataType.Uint32:
                Narrow(tensor, tensor.Uint64Data, MemoryMarshal.Cast<byte, uint>(raw), value => unchecked((uint)value));
                break;
            case DataType.Int32:
                Copy(tensor, tensor.Int32Data, MemoryMarshal.Cast<byte, int>(raw));
                break;
            case DataType.Int16 or DataType.Uint16 or DataType.Float16 or DataType.Bfloat16:
                Narrow(tensor, tensor.Int32Data, MemoryMarshal.Cast<byte, ushort>(raw), value => unchecked((ushort)value));
                break;
            default:
                Narrow(tensor, tensor.Int32Data, raw, value => unchecked((byte)value));
                break;
        }
    }

    /// <summary>Changes one element of the typed field, and no other bit of it.</summary>
    public static void Put(TensorProto tensor, int index, ulong bits)
    {
        var width = ElementTypes.Bits(tensor.DataType);
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float: tensor.FloatData[index] = BitConverter.UInt32BitsToSingle((uint)bits); break;
            case DataType.Double: tensor.DoubleData[index] = BitConverter.UInt64BitsToDouble(bits); break;
            case DataType.Int64: tensor.Int64Data[index] = unchecked((long)bits); break;
            case DataType.Uint64 or DataType.Uint32: tensor.Uint64Data[index] = bits; break;
            case DataType.Int32: tensor.Int32Data[index] = unchecked((int)bits); break;
            case DataType.Int16: tensor.Int32Data[index] = unchecked((short)bits); break;
            case DataType.Int8: tensor.Int32Data[index] = unchecked((sbyte)bits); break;
            default:
                if (width >= 8)
                {
                    tensor.Int32Data[index] = (int)bits;
                    break;
                }
                var cell = unchecked((byte)tensor.Int32Data[index / (8 / width)]);
                ElementCodec.Put(tensor.DataType, new Span<byte>(ref cell), index % (8 / width), bits);
                tensor.Int32Data[index / (8 / width)] = cell;
                break;
        }
    }

    private static void Copy<T>(TensorProto tensor, IList<T> stored, Span<T> target) where T : struct =>
        Narrow(tensor, stored, target, value => value);

    private static void Narrow<T, TTarget>(TensorProto tensor, IList<T> stored, Span<TTarget> target, Func<T, TTarget> narrow)
    {
        if (stored.Count != target.Length)
            throw TensorValues.Mismatch(tensor, $"{stored.Count} values stored where {target.Length} are needed");
        for (var i = 0; i < target.Length; i++)
            target[i] = narrow(stored[i]);
    }
}
