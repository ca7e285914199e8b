using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Emergence.Checkpoints;

/// <summary>How many names an open file has; .NET does not tell.</summary>
internal static class HardLinks
{
    /// <summary>Number of hard links.</summary>
    /// <exception cref="IOException">The system does not answer.</exception>
    public static long Count(SafeFileHandle file)
    {
        // Large enough for the structure of every system below; only the link count is read from it.
        var status = new byte[512];
        var (failed, offset, width) = (OperatingSystem.IsWindows(), OperatingSystem.IsMacOS()) switch
        {
            (true, _) => (!GetFileInformationByHandle(file, status), 40, 4),
            (_, true) => (FStat(file, status) != 0, 6, 2),
            _ => (StatX(file, "", AtEmptyPath, StatXLinks, status) != 0, 16, 4),
        };
        if (failed)
            throw new IOException($"link count unknown, error {Marshal.GetLastPInvokeError()}");
        return width == 2 ? BitConverter.ToUInt16(status, offset) : BitConverter.ToUInt32(status, offset);
    }

    private const int AtEmptyPath = 0x1000;
    private const uint StatXLinks = 0x4;

    [DllImport("libc", EntryPoint = "statx", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false,
        ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(SafeFileHandle file, string path, int flags, uint mask, byte[] status);

    [DllImport("libc", EntryPoint = "fstat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FStat(SafeFileHandle file, byte[] status);

    [DllImport("kernel32.dll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileInformationByHandle(SafeFileHandle file, byte[] status);
}
