using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace Emergence.Analyzer.Containment;

/// <summary>The memory that another process takes, read often and cheaply.</summary>
internal sealed class ProcessMemory : IDisposable
{
    private readonly Process process;
    // Linux's count of a process's pages; null elsewhere, and where the process has ended already.
    private readonly SafeFileHandle? pages;

    /// <summary>The memory of a process.</summary>
    public ProcessMemory(Process process)
    {
        this.process = process;
        var path = $"/proc/{process.Id}/statm";
        pages = OperatingSystem.IsLinux() && File.Exists(path) ? File.OpenHandle(path, share: FileShare.ReadWrite) : null;
    }

    /// <summary>Bytes; 0 once it has ended.</summary>
    public long Bytes
    {
        get
        {
            try
            {
                if (pages is null)
                {
                    process.Refresh();
                    return process.WorkingSet64;
                }
                // Refreshing a process reads a file for each of its threads; this reads two numbers, the second of which counts.
                Span<byte> text = stackalloc byte[64];
                text = text[..RandomAccess.Read(pages, text, 0)];
                var taken = 0L;
                for (var i = text.IndexOf((byte)' ') + 1; i < text.Length && text[i] != ' '; i++)
                    taken = (taken * 10) + text[i] - '0';
                return taken * Environment.SystemPageSize;
            }
            catch (Exception e) when (e is InvalidOperationException or Win32Exception or IOException
                or UnauthorizedAccessException)
            {
                // It has just ended.
                return 0;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => pages?.Dispose();
}
