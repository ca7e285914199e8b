using System.Buffers.Binary;
using Emergence.Measuring.Losses;

namespace Emergence.Analyzer.Landscapes;

/// <summary>
/// Keeps the losses of a run in a file named by everything that shapes them, one record behind the other, so that a run that
/// was killed goes on where it stopped. A record that was not written whole is not read.
/// </summary>
internal sealed class LossJournal : IDisposable
{
    private const int RecordLength = sizeof(int) + 2 * sizeof(double) + sizeof(uint);

    private readonly Lock gate = new();
    private readonly Dictionary<int, LossValue> known = [];
    private readonly FileStream file;

    private LossJournal(FileStream file) => this.file = file;

    /// <summary>How many losses were there when it was opened.</summary>
    public int Found { get; private set; }

    /// <summary>Opens the file of a key; null where that cannot be done, which <paramref name="warn"/> is told.</summary>
    public static LossJournal? Open(string folder, byte[] key, Action<string>? warn)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, Convert.ToHexStringLower(key) + ".losses");
            var journal =
                new LossJournal(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0));
            journal.Read();
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn?.Invoke($"{folder}: losses cannot be kept ({e.Message}); a run that is interrupted will begin from the start");
            return null;
        }
    }

    /// <summary>The loss of a point; null where it is not known.</summary>
    public LossValue? Find(int index)
    {
        lock (gate)
            return known.TryGetValue(index, out var value) ? value : null;
    }

    /// <summary>Keeps the loss of a point.</summary>
    public void Keep(int index, LossValue value)
    {
        Span<byte> record = stackalloc byte[RecordLength];
        BinaryPrimitives.WriteInt32LittleEndian(record, index);
        BinaryPrimitives.WriteDoubleLittleEndian(record[4..], value.Loss);
        // No share is negative.
        BinaryPrimitives.WriteDoubleLittleEndian(record[12..], value.Accuracy ?? -1);
        BinaryPrimitives.WriteUInt32LittleEndian(record[20..], Sum(record[..20]));
        lock (gate)
            file.Write(record);
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    private void Read()
    {
        Span<byte> record = stackalloc byte[RecordLength];
        long whole = 0;
        while (file.ReadAtLeast(record, RecordLength, throwOnEndOfStream: false) == RecordLength
            && BinaryPrimitives.ReadUInt32LittleEndian(record[20..]) == Sum(record[..20]))
        {
            var accuracy = BinaryPrimitives.ReadDoubleLittleEndian(record[12..]);
            known[BinaryPrimitives.ReadInt32LittleEndian(record)] =
                new LossValue(BinaryPrimitives.ReadDoubleLittleEndian(record[4..]), accuracy < 0 ? null : accuracy);
            whole += RecordLength;
        }
        file.SetLength(whole);
        file.Position = whole;
        Found = known.Count;
    }

    // FNV-1a, 32 bits; never 0 for the zeros that a file system may leave at the end.
    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 2166136261;
        foreach (var b in bytes)
            sum = unchecked((sum ^ b) * 16777619);
        return sum == 0 ? 1 : sum;
    }
}
