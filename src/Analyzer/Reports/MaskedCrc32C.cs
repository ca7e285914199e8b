using System.Numerics;

namespace Emergence.Analyzer.Reports;

/// <summary>The checksum of TensorFlow's record format: CRC-32C (Castagnoli), rotated and shifted.</summary>
internal static class MaskedCrc32C
{
    // A checksum of data that hold checksums would be weak, hence the mask; both are part of the format.
    private const uint Mask = 0xA282EAD8;

    /// <summary>Of all the bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
            crc = BitOperations.Crc32C(crc, value);
        return unchecked(BitOperations.RotateRight(~crc, 15) + Mask);
    }
}
