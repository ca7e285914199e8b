using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// The floating-point types of eight bits and fewer, as tables of the values of all their codes. Layouts: the ONNX
/// standard's "Float stored in 8 bits" and "Float stored in 4 bits" (OCP MX and FNUZ variants).
/// </summary>
internal static class SmallFloats
{
    private static readonly double[] E4M3Fn = Table(4, 3, 7, Special.LastIsNaN);
    private static readonly double[] E4M3Fnuz = Table(4, 3, 8, Special.MinusZeroIsNaN);
    private static readonly double[] E5M2 = Table(5, 2, 15, Special.Ieee);
    private static readonly double[] E5M2Fnuz = Table(5, 2, 16, Special.MinusZeroIsNaN);
    private static readonly double[] E8M0 = [.. Enumerable.Range(0, 255).Select(code => Math.ScaleB(1, code - 127)), double.NaN];
    private static readonly double[] E2M1 = Table(2, 1, 1, Special.None);

    /// <summary>Which codes are not ordinary numbers.</summary>
    private enum Special
    {
        None,
        Ieee,
        LastIsNaN,
        MinusZeroIsNaN,
    }

    /// <summary>The value of each code, or empty where <paramref name="type"/> is not a small float.</summary>
    public static ReadOnlySpan<double> Values(int type) => (DataType)type switch
    {
        DataType.Float8E4M3Fn => E4M3Fn,
        DataType.Float8E4M3Fnuz => E4M3Fnuz,
        DataType.Float8E5M2 => E5M2,
        DataType.Float8E5M2Fnuz => E5M2Fnuz,
        DataType.Float8E8M0 => E8M0,
        DataType.Float4E2M1 => E2M1,
        _ => [],
    };

    /// <summary>The code of the value itself or else of the nearest finite one, ties to the even code.</summary>
    public static byte Encode(int type, double value)
    {
        var values = Values(type);
        for (var code = 0; code < values.Length; code++)
        {
            if (values[code].Equals(value) && (value != 0 || double.IsNegative(values[code]) == double.IsNegative(value)))
                return (byte)code;
        }
        var best = 0;
        // Beyond every type's range, yet finite, so that an infinity has a nearest number: the largest.
        value = Math.Clamp(value, -1e6, 1e6);
        for (var code = 1; code < values.Length; code++)
        {
            var gain = Math.Abs(values[best] - value) - Math.Abs(values[code] - value);
            if (gain > 0 || (gain == 0 && code % 2 == 0 && best % 2 != 0))
                best = code;
        }
        return (byte)best;
    }

    private static double[] Table(int exponentBits, int mantissaBits, int bias, Special special)
    {
        var half = 1 << (exponentBits + mantissaBits);
        var values = new double[2 * half];
        for (var code = 0; code < half; code++)
        {
            var exponent = code >> mantissaBits;
            var mantissa = code & ((1 << mantissaBits) - 1);
            values[code] = exponent == 0
                ? Math.ScaleB(mantissa, 1 - bias - mantissaBits)
                : Math.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
            if (special == Special.Ieee && exponent == (1 << exponentBits) - 1)
                values[code] = mantissa == 0 ? double.PositiveInfinity : double.NaN;
            if (special == Special.LastIsNaN && code == half - 1)
                values[code] = double.NaN;
            values[half + code] = -values[code];
        }
        if (special == Special.MinusZeroIsNaN)
            values[half] = double.NaN;
        return values;
    }
}
