using Emergence.Checkpoints;
using Google.Protobuf;
using Onnx;
using static Onnx.TensorProto.Types;

namespace Emergence.Analyzer.Tests.Checkpoints;

/// <summary>The same numbers come out of every form of storage.</summary>
public sealed class TensorValuesTests
{
    /// <summary>Type, raw bytes, and the values that the standard gives them.</summary>
    public static TheoryData<DataType, byte[], double[]> Raw => new()
    {
        { DataType.Float, [0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80], [1.5, -0.0] },
        { DataType.Double, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F], [1.5] },
        { DataType.Float16, [0x00, 0x3E, 0x00, 0x80, 0x01, 0x00, 0x00, 0x7C],
            [1.5, -0.0, 5.9604644775390625e-8, double.PositiveInfinity] },
        { DataType.Bfloat16, [0xC0, 0x3F, 0xC0, 0xFF, 0x80, 0x7F], [1.5, double.NaN, double.PositiveInfinity] },
        { DataType.Int8, [0x01, 0xFF, 0x80], [1, -1, -128] },
        { DataType.Uint8, [0x01, 0xFF], [1, 255] },
        { DataType.Int16, [0xFE, 0xFF, 0, 0x80], [-2, -32768] },
        { DataType.Uint16, [0xFE, 0xFF], [65534] },
        { DataType.Int32, [0xFE, 0xFF, 0xFF, 0xFF], [-2] },
        { DataType.Uint32, [0xFE, 0xFF, 0xFF, 0xFF], [4294967294] },
        { DataType.Int64, [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [-2] },
        { DataType.Uint64, [0, 0, 0, 0, 0, 0, 0, 0x80], [9223372036854775808] },
        { DataType.Bool, [0, 1], [0, 1] },
        { DataType.Int4, [0x8F, 0x07], [-1, -8, 7] },
        { DataType.Uint4, [0x8F, 0x07], [15, 8, 7] },
        { DataType.Int2, [0b11_10_01_00, 0b01], [0, 1, -2, -1, 1] },
        { DataType.Uint2, [0b11_10_01_00], [0, 1, 2, 3] },
        { DataType.Float4E2M1, [0x10, 0x32, 0x54, 0x76, 0xF8], [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -6] },
        { DataType.Float8E4M3Fn, [0x38, 0x7E, 0x01, 0x7F, 0xB8], [1, 448, 0.001953125, double.NaN, -1] },
        { DataType.Float8E4M3Fnuz, [0x40, 0x7F, 0x01, 0x80, 0xC0], [1, 240, 0.0009765625, double.NaN, -1] },
        { DataType.Float8E5M2, [0x3C, 0x7B, 0x7C, 0x7D, 0x01],
            [1, 57344, double.PositiveInfinity, double.NaN, 1.52587890625e-5] },
        { DataType.Float8E5M2Fnuz, [0x40, 0x7F, 0x80, 0x01], [1, 57344, double.NaN, 7.62939453125e-6] },
        { DataType.Float8E8M0, [0x7F, 0x80, 0x00, 0xFF], [1, 2, 5.877471754111438e-39, double.NaN] },
    };

    [Theory]
    [MemberData(nameof(Raw))]
    public void raw_data(DataType type, byte[] bytes, double[] expected)
    {
        var tensor = TensorValues.FromRaw("t", type, [expected.Length], bytes);
        Same(expected, TensorValues.ToDoubles(tensor, null));
        Same([.. expected.Select(value => (double)(float)value)], [.. TensorValues.ToFloats(tensor, null)]);
        Assert.Equal(bytes, TensorValues.ToRaw(tensor, null));
        Assert.Equal(expected.Length, TensorValues.Count(tensor));
    }

    [Theory]
    [MemberData(nameof(Raw))]
    public void typed_fields(DataType type, byte[] bytes, double[] expected)
    {
        var tensor = Typed(type, expected.Length, bytes);
        Same(expected, TensorValues.ToDoubles(tensor, null));
        Assert.Equal(bytes, TensorValues.ToRaw(tensor, null));
    }

    [Theory]
    [MemberData(nameof(Raw))]
    public void unchanged_values_keep_every_stored_bit(DataType type, byte[] bytes, double[] expected)
    {
        foreach (var tensor in new[] { TensorValues.FromRaw("t", type, [expected.Length], bytes),
            Typed(type, expected.Length, bytes) })
            Assert.Equal(tensor, TensorValues.WithDoubles(tensor, TensorValues.ToDoubles(tensor, null)));
    }

    [Theory]
    [MemberData(nameof(Raw))]
    public void one_changed_value_changes_one_element_in_any_form(DataType type, byte[] bytes, double[] expected)
    {
        var to = type is DataType.Float8E8M0 ? 4.0 : 1.0;
        for (var changed = 0; changed < expected.Length; changed++)
        {
            var values = expected.ToArray();
            values[changed] = to;
            foreach (var tensor in new[] { TensorValues.FromRaw("t", type, [expected.Length], bytes),
                Typed(type, expected.Length, bytes) })
            {
                var before = tensor.Clone();
                var copy = TensorValues.WithDoubles(tensor, values);
                Same(values, TensorValues.ToDoubles(copy, null));
                Assert.Equal(before, tensor);
                Assert.Equal(tensor.HasRawData, copy.HasRawData);
                Assert.Equal(tensor.Int32Data.Count, copy.Int32Data.Count);
                Same(expected, TensorValues.ToDoubles(TensorValues.WithDoubles(copy, expected), null));
            }
        }
    }

    [Fact]
    public void bits_that_no_double_tells_apart_survive()
    {
        byte[] nan = [0x45, 0x23, 0xC1, 0x7F, 0, 0, 0x80, 0x3F];
        var floats = TensorValues.FromRaw("t", DataType.Float, [2], nan);
        var zeroed = TensorValues.WithDoubles(floats, [.. TensorValues.ToDoubles(floats, null)[..1], 0]);
        Assert.Equal([.. nan[..4], 0, 0, 0, 0], zeroed.RawData.ToByteArray());

        var longs = TensorValues.FromLongs("t", [2], [(1L << 53) + 1, 5]);
        var changed = TensorValues.WithDoubles(longs, [TensorValues.ToDoubles(longs, null)[0], 0]);
        Assert.Equal([(1L << 53) + 1, 0], TensorValues.ToLongs(changed, null));

        // A writer that leaves garbage above the 16 bits of a float16.
        var halves =
            new TensorProto { Name = "t", DataType = (int)DataType.Float16, Dims = { 2 }, Int32Data = { 0x7FFF_3E00, 0x3C00 } };
        Same([1.5, 1], TensorValues.ToDoubles(halves, null));
        Assert.Equal([0x7FFF_3E00, 0], TensorValues.WithDoubles(halves, [1.5, 0]).Int32Data);
    }

    [Theory]
    [InlineData(DataType.Float16, 1.0009765625 + 0.00048828125, 1.001953125)] // a tie goes to the even mantissa
    [InlineData(DataType.Bfloat16, 1.00390625, 1)]
    [InlineData(DataType.Bfloat16, 1.01171875, 1.015625)]
    [InlineData(DataType.Float, 0.1, 0.10000000149011612)]
    [InlineData(DataType.Float4E2M1, 2.5, 2)]
    [InlineData(DataType.Float4E2M1, 5, 4)]
    [InlineData(DataType.Float8E4M3Fn, double.PositiveInfinity, 448)]
    [InlineData(DataType.Float8E5M2, 1e9, 57344)]
    [InlineData(DataType.Float8E4M3Fnuz, -1e9, -240)]
    public void new_values_round_to_the_nearest(DataType type, double value, double expected)
    {
        var bits = Math.Max(8, ElementTypes.Bits((int)type));
        var tensor = TensorValues.FromRaw("t", type, [1], new byte[bits / 8]);
        Assert.Equal(expected, TensorValues.ToDoubles(TensorValues.WithDoubles(tensor, [value]), null)[0]);
    }

    [Theory]
    [InlineData(DataType.Int8, 128)]
    [InlineData(DataType.Uint8, -1)]
    [InlineData(DataType.Int4, -9)]
    [InlineData(DataType.Uint2, 4)]
    [InlineData(DataType.Int64, 1e19)]
    public void integers_out_of_range_are_not_wrapped(DataType type, double value)
    {
        var tensor = TensorValues.FromRaw("t", type, [1], new byte[Math.Max(8, ElementTypes.Bits((int)type)) / 8]);
        Assert.Throws<OverflowException>(() => TensorValues.WithDoubles(tensor, [value]));
        Assert.Throws<ArgumentException>(() => TensorValues.WithDoubles(tensor, [0.5]));
        Assert.Throws<ArgumentException>(() => TensorValues.WithDoubles(tensor, [0, 0]));
    }

    [Fact]
    public void float16_decodes_as_the_platform_does_for_every_code()
    {
        var bytes = new byte[1 << 17];
        for (var code = 0; code < 1 << 16; code++)
            BitConverter.TryWriteBytes(bytes.AsSpan(2 * code), (ushort)code);
        var values = TensorValues.ToFloats(TensorValues.FromRaw("t", DataType.Float16, [1 << 16], bytes), null);
        for (var code = 0; code < 1 << 16; code++)
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)code), values[code]);
    }

    [Fact]
    public void scalars_and_empty_tensors()
    {
        Assert.Equal([2f], TensorValues.ToFloats(TensorValues.FromFloats("s", [], [2]), null));
        Assert.Empty(TensorValues.ToFloats(TensorValues.FromFloats("e", [0, 5], []), null));
        Assert.Empty(TensorValues.ToFloats(new TensorProto { Name = "e", DataType = 1, Dims = { 3, 0 } }, null));
        Assert.Empty(
            TensorValues.ToLongs(new TensorProto { Name = "e", DataType = 7, Dims = { long.MaxValue, 0, long.MaxValue } }, null));
    }

    [Fact]
    public void longs_come_from_integers_only()
    {
        Assert.Equal([long.MaxValue, long.MinValue],
            TensorValues.ToLongs(TensorValues.FromLongs("t", [2], [long.MaxValue, long.MinValue]), null));
        Assert.Equal(
            "tensor 'shape': holds float where integers are needed; check the model",
            Error(() => TensorValues.ToLongs(TensorValues.FromFloats("shape", [1], [1]), null)));
        var large = new TensorProto
        {
            Name = "u",
            DataType = (int)DataType.Uint64,
            Dims = { 1 },
            Uint64Data = { ulong.MaxValue }
        };
        Assert.Equal("tensor 'u': holds a value beyond int64; use a signed type", Error(() => TensorValues.ToLongs(large, null)));
    }

    [Fact]
    public void too_few_or_too_many_values_are_refused()
    {
        var raw = new TensorProto { Name = "w", DataType = 1, Dims = { 2, 3 }, RawData = ByteString.CopyFrom(new byte[20]) };
        Assert.Equal(
            "tensor 'w': float[2, 3] has 20 bytes of raw_data where 24 are needed; the file is damaged, export or copy it again",
            Error(() => TensorValues.ToFloats(raw, null)));
        var typed = new TensorProto { Name = "w", DataType = 10, Dims = { 2 }, Int32Data = { 1, 2, 3 } };
        Assert.Equal(
            "tensor 'w': float16[2] has 3 values stored where 2 are needed; the file is damaged, export or copy it again",
            Error(() => TensorValues.ToFloats(typed, null)));
        var none = new TensorProto { DataType = 1, Dims = { 1 << 30, 4 } };
        Assert.Equal(
            "tensor without a name: float[1073741824, 4] has 0 values stored where 4294967296 are needed; "
            + "the file is damaged, export or copy it again",
            Error(() => TensorValues.ToFloats(none, null)));
    }

    [Fact]
    public void impossible_dimensions_and_types_are_refused()
    {
        Assert.Equal(
            "tensor 'w': has a negative dimension, [2, -1]; the file is damaged",
            Error(() => TensorValues.Count(new TensorProto { Name = "w", Dims = { 2, -1 } })));
        Assert.Equal(
            "tensor 'w': its dimensions [4294967296, 4294967296] are too large; the file is damaged",
            Error(() => TensorValues.Count(new TensorProto { Name = "w", Dims = { 1L << 32, 1L << 32 } })));
        Assert.Equal(
            "tensor 'w': element type string cannot be read as numbers; use a numeric type",
            Error(() => TensorValues.ToFloats(new TensorProto { Name = "w", DataType = 8 }, null)));
        Assert.Equal(
            "tensor 'w': element type type 77 cannot be read as numbers; use a numeric type",
            Error(() => TensorValues.ToRaw(new TensorProto { Name = "w", DataType = 77 }, null)));
        Assert.Equal(
            "tensor 'w': element type complex64 cannot be read as numbers; use a real type",
            Error(() => TensorValues.ToFloats(new TensorProto { Name = "w", DataType = 14, FloatData = { 1, 2 } }, null)));
        Assert.Throws<ArgumentException>(() => TensorValues.FromFloats("w", [2], [1]));
    }

    /// <summary>The bytes put into the typed field that the standard gives the type.</summary>
    private static TensorProto Typed(DataType type, int count, byte[] bytes)
    {
        var tensor = new TensorProto { Name = "t", DataType = (int)type, Dims = { count } };
        for (var i = 0; i < bytes.Length; i += Math.Max(1, ElementTypes.Bits((int)type) / 8))
        {
            switch (type)
            {
                case DataType.Float: tensor.FloatData.Add(BitConverter.ToSingle(bytes, i)); break;
                case DataType.Double: tensor.DoubleData.Add(BitConverter.ToDouble(bytes, i)); break;
                case DataType.Int64: tensor.Int64Data.Add(BitConverter.ToInt64(bytes, i)); break;
                case DataType.Uint64: tensor.Uint64Data.Add(BitConverter.ToUInt64(bytes, i)); break;
                case DataType.Uint32: tensor.Uint64Data.Add(BitConverter.ToUInt32(bytes, i)); break;
                case DataType.Int32: tensor.Int32Data.Add(BitConverter.ToInt32(bytes, i)); break;
                case DataType.Int16: tensor.Int32Data.Add(BitConverter.ToInt16(bytes, i)); break;
                case DataType.Int8: tensor.Int32Data.Add(unchecked((sbyte)bytes[i])); break;
                case DataType.Uint16 or DataType.Float16
                    or DataType.Bfloat16:
                    tensor.Int32Data.Add(BitConverter.ToUInt16(bytes, i)); break;
                default: tensor.Int32Data.Add(bytes[i]); break;
            }
        }
        return tensor;
    }

    private static void Same(double[] expected, double[] actual)
    {
        Assert.Equal(expected, actual);
        Assert.Equal(expected.Select(double.IsNegative).Where((_, i) => expected[i] == 0),
            actual.Select(double.IsNegative).Where((_, i) => actual[i] == 0));
    }

    private static string Error(Func<object> act) => Assert.Throws<UserException>(() => act()).Message;
}
