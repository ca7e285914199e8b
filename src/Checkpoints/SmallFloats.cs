using static Onnx.TensorProto.Types;

namespace Emergence.Checkpoints;

/// <summary>
/// The floating-point types of eight bits and fewer, as tables of the values of all their codes. Layouts: the ONNX
/// standard's "Float stored in 8 bits" and "Float stored in 4 bits" (OCP MX and FNUZ variants).
/// </summary>
internal static class SmallFloats
{
    private static readonly double[] E4M3Fn = Table(8, 4, 3, 7, finite: true);
    private static readonly double[] E4M3Fnuz = Unsigned0(Table(8, 4, 3, 8, finite: true));
    private static readonly double[] E5M2 = Table(8, 5, 2, 15, finite: false);
    private static readonly double[] E5M2Fnuz = Unsigned0(Table(8, 5, 2, 16, finite: true));
    private static readonly double[] E8M0 = [.. Enumerable.Range(0, 255).Select(code => Math.ScaleB(1, code - 127)), double.NaN];
    private static readonly double[] E2M1 = Table(4, 2, 1, 1, finite: true);

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

    /// <summary>The code of the nearest finite value, ties to the even code; NaN keeps a NaN where the type has one.</summary>
    public static byte Encode(int type, double value)
    {
        var values = Values(type);
        var best = 0;
        for (var code = 0; code < values.Length; code++)
        {
            if (values[code].Equals(value) && double.IsNegative(values[code]) == double.IsNegative(value))
                return (byte)code;
            if (!double.IsFinite(values[code]))
                continue;
            var closer = Math.Abs(values[code] - value).CompareTo(Math.Abs(values[best] - value));
            if (closer < 0 || (closer == 0 && code % 2 == 0 && best % 2 != 0))
                best = code;
        }
        return (byte)best;
    }

    private static double[] Table(int bits, int exponentBits, int mantissaBits, int bias, bool finite)
    {
        var values = new double[1 << bits];
        var half = values.Length / 2;
        var topExponent = (1 << exponentBits) - 1;
        for (var code = 0; code < half; code++)
        {
            var exponent = code >> mantissaBits;
            var mantissa = code & ((1 << mantissaBits) - 1);
            values[code] = exponent == topExponent && !finite
                ? mantissa == 0 ? double.PositiveInfinity : double.NaN
                : exponent == 0
                    ? Math.ScaleB(mantissa, 1 - bias - mantissaBits)
                    : Math.ScaleB((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits);
            values[half + code] = -values[code];
        }
        // E4M3FN has no infinity and gives NaN the last code; E2M1 has neither.
        if (bits == 8 && finite)
            values[half - 1] = values[^1] = double.NaN;
        return values;
    }

    /// <summary>FNUZ: the last codes are ordinary numbers, and the code of negative zero is the only NaN.</summary>
    private static double[] Unsigned0(double[] values)
    {
        var half = values.Length / 2;
        values[half - 1] = 2 * values[half - 2] - values[half - 3];
        values[^1] = -values[half - 1];
        values[half] = double.NaN;
        return values;
    }
}
