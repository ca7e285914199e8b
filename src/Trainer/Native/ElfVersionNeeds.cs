using System.Buffers.Binary;

namespace Emergence.Trainer.Native;

/// <summary>
/// The symbol versions that a 64-bit little-endian ELF library asks of other libraries (section <c>.gnu.version_r</c>;
/// System V ABI and "ELF Symbol Versioning", Drepper).
/// </summary>
internal static class ElfVersionNeeds
{
    private const uint TypeRela = 4, TypeDynSym = 11, TypeVersionNeed = 0x6ffffffe, TypeVersionSymbol = 0x6fffffff;
    private const int HeaderSize = 64, SectionHeaderSize = 64, RelaSize = 24, SymbolVersionMask = 0x7fff;
    private const ushort FlagWeak = 0x2;

    /// <summary>
    /// Sets VER_FLG_WEAK on each needed version that no relocation of the library refers to. The loader then goes on where
    /// the version is missing; as no code or data is ever bound to a symbol of it, nothing else changes.
    /// </summary>
    /// <param name="image">The file, changed in place.</param>
    /// <returns>Whether any flag was set.</returns>
    public static bool MakeUnusedOptional(Span<byte> image)
    {
        if (!IsElf64LittleEndian(image))
            return false;
        var sections = ReadSections(image);
        var needs = sections.Find(s => s.Type == TypeVersionNeed);
        var versions = sections.Find(s => s.Type == TypeVersionSymbol);
        if (needs.Size == 0 || versions.Size == 0)
            return false;

        var used = UsedVersions(image, sections, versions);
        var changed = false;
        for (var library = needs.Offset; ;)
        {
            var count = U16(image, library + 2);
            var entry = library + (int)U32(image, library + 8);
            for (var i = 0; i < count; i++)
            {
                var flags = U16(image, entry + 4);
                if (!used.Contains(U16(image, entry + 6)) && (flags & FlagWeak) == 0)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(image[(entry + 4)..], (ushort)(flags | FlagWeak));
                    changed = true;
                }
                entry += (int)U32(image, entry + 12);
            }
            var next = (int)U32(image, library + 12);
            if (next == 0)
                return changed;
            library += next;
        }
    }

    /// <summary>The version indices of the symbols that the library's relocations name.</summary>
    private static HashSet<int> UsedVersions(ReadOnlySpan<byte> image, List<Section> sections, Section versions)
    {
        var used = new HashSet<int>();
        foreach (var table in sections)
        {
            if (table.Type != TypeRela || sections[table.Link].Type != TypeDynSym)
                continue;
            for (var at = table.Offset; at < table.Offset + table.Size; at += RelaSize)
            {
                var symbol = (int)U32(image, at + 12); // the upper half of r_info
                used.Add(U16(image, versions.Offset + 2 * symbol) & SymbolVersionMask);
            }
        }
        return used;
    }

    private static List<Section> ReadSections(ReadOnlySpan<byte> image)
    {
        var table = Offset(image, 40);
        var count = U16(image, 60);
        var sections = new List<Section>(count);
        for (var at = table; at < table + count * SectionHeaderSize; at += SectionHeaderSize)
            sections.Add(
                new Section(U32(image, at + 4), Offset(image, at + 24), Offset(image, at + 32), (int)U32(image, at + 40)));
        return sections;
    }

    private static bool IsElf64LittleEndian(ReadOnlySpan<byte> image) =>
        image.Length > HeaderSize && image.StartsWith("\x7f"u8) && image[1..4].SequenceEqual("ELF"u8) && image[4] == 2
            && image[5] == 1;

    private static ushort U16(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);

    private static uint U32(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt32LittleEndian(image[at..]);

    /// <summary>A 64-bit offset or size; a file of more than 2 GB is not what this is for.</summary>
    private static int Offset(ReadOnlySpan<byte> image, int at) =>
        checked((int)BinaryPrimitives.ReadUInt64LittleEndian(image[at..]));

    private readonly record struct Section(uint Type, int Offset, int Size, int Link);
}
