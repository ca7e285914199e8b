using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using DataType = Onnx.TensorProto.Types.DataType;

namespace Emergence.Datasets;

/// <summary>What stands before the elements of a <c>.npy</c> file (NumPy Enhancement Proposal 1, versions 1 to 3).</summary>
/// <param name="Type">The elements' type.</param>
/// <param name="IsBigEndian">Whether each element's first byte is its most significant.</param>
/// <param name="IsFortranOrder">Whether the first axis varies fastest.</param>
/// <param name="Shape">The dimensions.</param>
internal sealed record NpyHeader(DataType Type, bool IsBigEndian, bool IsFortranOrder, ImmutableArray<long> Shape)
{
    // NumPy itself refuses longer headers; the rank is its limit too.
    private const int MaxLength = 1 << 16;
    private const int MaxRank = 64;

    /// <summary>The six bytes that open every file.</summary>
    public static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads the header and leaves the stream at the first element.</summary>
    public static NpyHeader Read(DataStream stream)
    {
        Span<byte> start = stackalloc byte[8];
        if (stream.Read(start) < 8 || !start.StartsWith(Magic))
            throw stream.Error("is not a .npy file", "save it with numpy.save");
        var version = start[6];
        if (version is < 1 or > 3)
            throw stream.Error($"has .npy version {version}.{start[7]}", "save it as version 1, 2 or 3");
        Span<byte> size = stackalloc byte[4];
        size.Clear();
        stream.Fill(version == 1 ? size[..2] : size);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > MaxLength)
            throw stream.Error($"has a header of {length:N0} bytes", "it may be damaged: save it again");
        var header = new byte[length];
        stream.Fill(header);
        try
        {
            return new Parser(Encoding.UTF8.GetString(header)).Header();
        }
        catch (FormatException e)
        {
            throw stream.Error(e.Message, "save a plain array of numbers with numpy.save");
        }
    }

    /// <summary>Parses the dictionary literal, and nothing else that Python would accept.</summary>
    private sealed class Parser(string text)
    {
        private int _at;

        public NpyHeader Header()
        {
            string? descr = null;
            bool? fortran = null;
            ImmutableArray<long>? shape = null;
            Expect('{');
            while (!Accept('}'))
            {
                var key = String();
                Expect(':');
                switch (key)
                {
                    case "descr" when descr is null: descr = Descr(); break;
                    case "fortran_order" when fortran is null: fortran = Bool(); break;
                    case "shape" when shape is null: shape = Tuple(); break;
                    default: throw new FormatException($"has an unexpected '{key}' in its header");
                }
                if (!Accept(','))
                {
                    Expect('}');
                    break;
                }
            }
            if (text.AsSpan(_at).Trim().Length > 0 || descr is null || fortran is null || shape is null)
                throw new FormatException("has a header that cannot be read");
            var (type, isBigEndian) = ElementType(descr);
            return new NpyHeader(type, isBigEndian, fortran.Value, shape.Value);
        }

        private string Descr()
        {
            SkipSpace();
            return _at < text.Length && text[_at] == '['
                ? throw new FormatException("holds a structured array")
                : String();
        }

        private ImmutableArray<long> Tuple()
        {
            var items = ImmutableArray.CreateBuilder<long>();
            Expect('(');
            while (!Accept(')'))
            {
                items.Add(Number());
                if (!Accept(','))
                {
                    Expect(')');
                    break;
                }
            }
            return items.Count <= MaxRank ? items.ToImmutable() : throw new FormatException($"has {items.Count} axes");
        }

        private long Number()
        {
            SkipSpace();
            var start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                _at++;
            if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw new FormatException("has a shape that cannot be read");
            // Python 2 marked long integers.
            if (_at < text.Length && text[_at] == 'L')
                _at++;
            return number;
        }

        private bool Bool()
        {
            SkipSpace();
            foreach (var value in new[] { true, false })
            {
                if (text.AsSpan(_at).StartsWith(value ? "True" : "False", StringComparison.Ordinal))
                {
                    _at += value ? 4 : 5;
                    return value;
                }
            }
            throw new FormatException("has a fortran_order that is neither True nor False");
        }

        private string String()
        {
            SkipSpace();
            var quote = _at < text.Length ? text[_at] : '\0';
            var end = quote is '\'' or '"' ? text.IndexOf(quote, _at + 1) : -1;
            if (end < 0)
                throw new FormatException("has a header that cannot be read");
            var value = text[(_at + 1)..end];
            _at = end + 1;
            return value;
        }

        private bool Accept(char token)
        {
            SkipSpace();
            if (_at >= text.Length || text[_at] != token)
                return false;
            _at++;
            return true;
        }

        private void Expect(char token)
        {
            if (!Accept(token))
                throw new FormatException("has a header that cannot be read");
        }

        private void SkipSpace()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
                _at++;
        }

        private static (DataType Type, bool IsBigEndian) ElementType(string descr)
        {
            DataType? type = descr.Length < 2 || !"<>=|".Contains(descr[0]) ? null : descr[1..] switch
            {
                "b1" or "?" => DataType.Bool,
                "i1" => DataType.Int8,
                "i2" => DataType.Int16,
                "i4" => DataType.Int32,
                "i8" => DataType.Int64,
                "u1" => DataType.Uint8,
                "u2" => DataType.Uint16,
                "u4" => DataType.Uint32,
                "u8" => DataType.Uint64,
                "f2" => DataType.Float16,
                "f4" => DataType.Float,
                "f8" => DataType.Double,
                _ => null,
            };
            return type is { } known
                ? (known, descr[0] == '>')
                : throw new FormatException($"holds elements of type '{descr}'");
        }
    }
}
