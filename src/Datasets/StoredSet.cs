using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>The first samples of a split of a data set.</summary>
/// <param name="Images">The samples: the first are kept.</param>
/// <param name="Labels">The class of each sample of the split, kept or not.</param>
/// <param name="Sha256">
/// Of the whole split: SHA-256, lower-case hexadecimal, of the line <c>TYPE[N,D1,D2,…]</c> (the number of the element type
/// and the shape with its samples axis) and <c>\n</c> in UTF-8, the data, then each label as a little-endian int32.
/// </param>
public sealed record StoredSet(StoredArray Images, int[] Labels, string Sha256)
{
    /// <summary>Reads the first samples of a split, and all of it for its hash.</summary>
    /// <param name="name">What errors call it.</param>
    /// <param name="images">The samples of the split.</param>
    /// <param name="labels">Their classes.</param>
    /// <param name="samples">How many; null: all.</param>
    /// <param name="mostHeld">Bytes up to which they are held in memory.</param>
    /// <exception cref="UserException">There are none, or not as many as there are labels.</exception>
    internal static StoredSet Read(string name, ArraySource images, int[] labels, int? samples, long mostHeld)
    {
        if (images.Shape.Contains(0))
            throw new UserException($"{name}: holds no samples (its shape is {NumericArray.Describe(images.Shape.AsSpan())})");
        if (labels.Length != images.Count)
            throw new UserException(
                $"{name}: has {images.Count} samples but {labels.Length} labels; "
                + "give a label for each sample");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{(int)images.Type}{NumericArray.Describe(images.Shape.AsSpan())}\n"));
        var kept = StoredArray.Read(images, samples, mostHeld, hash);
        var bytes = new byte[4 * labels.Length];
        for (var i = 0; i < labels.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * i), labels[i]);
        hash.AppendData(bytes);
        return new StoredSet(kept, labels, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
