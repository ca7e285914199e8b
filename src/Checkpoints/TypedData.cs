using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// The typed fields of a tensor. <c>int32_data</c> holds one element per number for the types of 8, 16 and 32 bits (the
/// bits of a float16, the value of an int8), and one packed byte per number for the types below.
/// </summary>
internal static class TypedData
{
    /// <summary>The values in their raw form, of <paramref name="length"/> bytes.</summary>
    /// <exception cref="UserException">The number of values is not what the dimensions say.</exception>
    public static byte[] ToRaw(TensorProto tensor, long length) => (DataType)tensor.DataType switch
    {
        DataType.Float or DataType.Complex64 => Bytes<float>(tensor, tensor.FloatData, length),
        DataType.Double or DataType.Complex128 => Bytes<double>(tensor, tensor.DoubleData, length),
        DataType.Int64 => Bytes<long>(tensor, tensor.Int64Data, length),
        DataType.Uint64 => Bytes<ulong>(tensor, tensor.Uint64Data, length),
        DataType.Uint32 => Bytes(tensor, tensor.Uint64Data, length, value => unchecked((uint)value)),
        DataType.Int32 => Bytes<int>(tensor, tensor.Int32Data, length),
        DataType.Int16 or DataType.Uint16 or DataType.Float16 or DataType.Bfloat16 =>
            Bytes(tensor, tensor.Int32Data, length, value => unchecked((ushort)value)),
        _ => Bytes(tensor, tensor.Int32Data, length, value => unchecked((byte)value)),
    };

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

    private static byte[] Bytes<T>(TensorProto tensor, RepeatedField<T> stored, long length) where T : unmanaged
    {
        var bytes = Allocate<T>(tensor, stored.Count, length);
        MemoryMarshal.AsBytes(UnsafeCollectionOperations.AsSpan(stored)).CopyTo(bytes);
        return bytes;
    }

    private static byte[] Bytes<T, TStored>(TensorProto tensor, RepeatedField<T> stored, long length, Func<T, TStored> narrow)
        where TStored : unmanaged
    {
        var bytes = Allocate<TStored>(tensor, stored.Count, length);
        var target = MemoryMarshal.Cast<byte, TStored>(bytes.AsSpan());
        for (var i = 0; i < target.Length; i++)
            target[i] = narrow(stored[i]);
        return bytes;
    }

    /// <summary>Room for the raw form, once it is known that the values are all there: dimensions alone are
    /// not trusted.</summary>
    private static byte[] Allocate<T>(TensorProto tensor, int stored, long length) where T : unmanaged
    {
        if ((long)stored * Unsafe.SizeOf<T>() != length)
            throw TensorValues.Mismatch(tensor, $"{stored} values stored where {length / Unsafe.SizeOf<T>()} are needed");
        return length <= Array.MaxLength
            ? new byte[length]
            : throw new UserException($"{TensorValues.Subject(tensor)}: passes 2 GB; store it as external data");
    }
}
