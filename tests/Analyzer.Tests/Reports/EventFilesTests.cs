using System.Buffers.Binary;
using Emergence.Analyzer.Reports;
using Emergence.Testing;
using Google.Protobuf;

namespace Emergence.Analyzer.Tests.Reports;

public class EventFilesTests
{
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    // The 32 bytes of zeros of RFC 3720.
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0x8A9136AAu)]
    public void The_checksum_is_crc_32c_masked(string text, uint crc) => Assert.Equal(
        unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8), MaskedCrc32C.Of(System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_series_is_read_back()
    {
        var events = Read(SampleOutcome.Plain);
        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.Equal([0, 1, 10], events.Skip(1).Select(entry => entry.Step));
        Assert.Equal(
            [
                ("accuracy", 0.1023f), ("accuracy/train", 0.1123f), ("accuracy/test", 0.1023f), ("emergence/E", 33260f),
                ("emergence/log10 E", 4.521922f), ("emergence/relative", 0.30407754f),
                ("emergence/relative, all parameters", 0.30406085f), ("alive share/all layers", 140f / 202),
                ("alive share//fc1/Gemm", 0.625f), ("alive share//fc2/Gemm", 50f / 64), ("alive share//fc3/Gemm", 1f),
            ], events[1].Scalars);
        // E = 0 has no logarithm.
        Assert.DoesNotContain(events[3].Scalars, scalar => scalar.Tag == "emergence/log10 E");
        Assert.Contains(("emergence/E", 0f), events[3].Scalars);
    }

    [Fact]
    public void What_no_float_holds_is_left_out()
    {
        var scalars = Read(SampleOutcome.Odd)[1].Scalars;
        Assert.All(scalars, scalar => Assert.True(float.IsFinite(scalar.Value)));
        Assert.DoesNotContain(scalars, scalar => scalar.Tag == "emergence/E/threshold 0");
        Assert.Contains(scalars, scalar => scalar.Tag == "emergence/log10 E/threshold 0" && scalar.Value > 320);
    }

    [Theory]
    [MemberData(nameof(Cultures.Names), MemberType = typeof(Cultures))]
    public void The_bytes_are_the_same_in_every_culture(string culture)
    {
        byte[] bytes = [];
        Cultures.Run(culture, () => bytes = Bytes(SampleOutcome.Odd));
        Assert.Equal(Bytes(SampleOutcome.Odd), bytes);
    }

    private sealed record Entry(long Step, string? Version, List<(string Tag, float Value)> Scalars);

    private static byte[] Bytes(AnalysisOutcome outcome)
    {
        using var stream = new MemoryStream();
        EventFiles.Write(outcome, stream);
        return stream.ToArray();
    }

    /// <summary>The records, their checksums checked.</summary>
    private static List<Entry> Read(AnalysisOutcome outcome)
    {
        var (events, rest) = (new List<Entry>(), Bytes(outcome).AsMemory());
        while (!rest.IsEmpty)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest.Span);
            Assert.Equal(MaskedCrc32C.Of(rest.Span[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[8..]));
            var data = rest.Slice(12, length);
            Assert.Equal(MaskedCrc32C.Of(data.Span), BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[(12 + length)..]));
            events.Add(ReadEvent(data.ToArray()));
            rest = rest[(16 + length)..];
        }
        return events;
    }

    // Read by protobuf's own reader, field by field: TensorFlow's event.proto and summary.proto.
    private static Entry ReadEvent(byte[] data)
    {
        var (step, version, scalars) = (0L, (string?)null, new List<(string, float)>());
        using var input = new CodedInputStream(data);
        while (input.ReadTag() is var tag and not 0)
        {
            switch (tag)
            {
                case 0x09:
                    Assert.Equal(0, input.ReadDouble());
                    break;
                case 0x10:
                    step = input.ReadInt64();
                    break;
                case 0x1A:
                    version = input.ReadString();
                    break;
                case 0x2A:
                    scalars = ReadSummary(input.ReadBytes());
                    break;
                default:
                    Assert.Fail($"tag {tag}");
                    break;
            }
        }
        return new Entry(step, version, scalars);
    }

    private static List<(string Tag, float Value)> ReadSummary(ByteString data)
    {
        var scalars = new List<(string, float)>();
        using var input = data.CreateCodedInput();
        while (input.ReadTag() is var tag and not 0)
        {
            Assert.Equal(0x0Au, tag);
            using var value = input.ReadBytes().CreateCodedInput();
            Assert.Equal(0x0Au, value.ReadTag());
            var name = value.ReadString();
            Assert.Equal(0x15u, value.ReadTag());
            scalars.Add((name, value.ReadFloat()));
            Assert.True(value.IsAtEnd);
        }
        return scalars;
    }
}
