using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Emergence.Testing;

/// <summary>
/// Reads the protobuf wire format of an ONNX file without protobuf and without our schema: an oracle for what a file
/// holds. Its table of messages was written from the published format a second time, on purpose.
/// </summary>
internal static class WireReader
{
    /// <summary>Fields of each message: number and kind. i varint, f 32 bits, d 64 bits, b bytes, else a message.</summary>
    private static readonly Dictionary<string, Dictionary<int, string>> Messages = Parse(
        """
        Model        1i 2b 3b 4b 5i 6b 7Graph 8Opset 14Entry 20Training 25Function 26Device
        Graph        1Node 2b 5Tensor 10b 11Value 12Value 13Value 14Annotation 15Sparse 16Entry
        Node         1b 2b 3b 4b 5Attribute 6b 7b 8b 9Entry 10NodeDevice
        Attribute    1b 2f 3i 4b 5Tensor 6Graph 7f 8i 9b 10Tensor 11Graph 13b 14Type 15Type 20i 21b 22Sparse 23Sparse
        Tensor       1i 2i 3Segment 4f 5i 6b 7i 8b 9b 10d 11i 12b 13Entry 14i 16Entry
        Segment      1i 2i
        Sparse       1Tensor 2Tensor 3i
        Value        1b 2Type 3b 4Entry
        Type         1TypeTensor 4TypeElement 5TypeMap 6b 7TypeOpaque 8TypeTensor 9TypeElement
        TypeTensor   1i 2Shape
        TypeElement  1Type
        TypeMap      1i 2Type
        TypeOpaque   1b 2b
        Shape        1Dimension
        Dimension    1i 2b 3b
        Opset        1b 2i
        Entry        1b 2b
        Annotation   1b 2Entry
        Training     1Graph 2Graph 3Entry 4Entry
        Function     1b 4b 5b 6b 7Node 8b 9Opset 10b 11Attribute 12Value 13b 14Entry
        Device       1b 2i 3b
        NodeDevice   1b 2Sharding 3i
        Sharding     1b 2i 3Group 4ShardedDim
        Group        1i 2i
        ShardedDim   1i 2SimpleDim
        SimpleDim    1i 2b 3i
        """);

    /// <summary>
    /// Every value with its path, <c>Model.7[0].1[3].2[0]</c>: field numbers with the position among the fields of that
    /// number. Packed and unpacked numbers read the same. A field that the table does not have ends in <c>?</c>.
    /// </summary>
    /// <exception cref="FormatException">The bytes are no wire format.</exception>
    public static List<(string Path, string Value)> Read(ReadOnlySpan<byte> bytes, string message = "Model")
    {
        var values = new List<(string Path, string Value)>();
        Read(bytes, message, message, values);
        // Fields of different numbers may come in any order.
        values.Sort((left, right) => string.CompareOrdinal(left.Path, right.Path));
        return values;
    }

    private static void Read(ReadOnlySpan<byte> bytes, string message, string path, List<(string, string)> values)
    {
        var seen = new Dictionary<int, int>();
        while (bytes.Length > 0)
        {
            var tag = Varint(ref bytes);
            var (field, wire) = ((int)(tag >> 3), (int)(tag & 7));
            var kind = Messages[message].GetValueOrDefault(field, "?");
            var content = Content(ref bytes, wire);
            if (wire != 2 || kind is "?" or "b")
                Add(kind == "?" || Wire(kind) != wire ? "?" : "", Show(content));
            else if (kind is "i" or "f" or "d")
                while (content.Length > 0)
                    Add("", Show(Content(ref content, Wire(kind))));
            else
                Read(content, kind, $"{path}.{field}[{Next()}]", values);

            void Add(string suffix, string value) => values.Add(($"{path}.{field}[{Next()}]{suffix}", value));

            int Next() => seen[field] = seen.GetValueOrDefault(field, -1) + 1;
        }
    }

    private static int Wire(string kind) => kind switch { "i" => 0, "d" => 1, "f" => 5, _ => 2 };

    private static ReadOnlySpan<byte> Content(ref ReadOnlySpan<byte> bytes, int wire)
    {
        if (wire == 0)
        {
            var number = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(number, Varint(ref bytes));
            return number;
        }
        var length =
            wire switch { 1 => 8, 2 => (int)Varint(ref bytes), 5 => 4, _ => throw new FormatException($"wire type {wire}") };
        var content = bytes[..length];
        bytes = bytes[length..];
        return content;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0ul;
        for (var shift = 0; ; shift += 7)
        {
            var next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }

    private static string Show(ReadOnlySpan<byte> content) => content.Length <= 64
        ? Convert.ToHexString(content)
        : $"{content.Length} bytes {Convert.ToHexString(SHA256.HashData(content))}";

    private static Dictionary<string, Dictionary<int, string>> Parse(string table) =>
        table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToDictionary(
            words => words[0],
            words => words[1..].ToDictionary(
                word => int.Parse(word.TrimEnd([.. word.Where(char.IsLetter)]), CultureInfo.InvariantCulture),
                word => word.TrimStart([.. "0123456789"])));
}
