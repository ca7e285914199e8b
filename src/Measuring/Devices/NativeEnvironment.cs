using System.Runtime.InteropServices;

namespace Emergence.Measuring.Devices;

/// <summary>The environment that native code sees: .NET's own SetEnvironmentVariable does not reach it.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Has cuBLAS and cuDNN compute in float32 where TF32 is the default; read once, when they load.</summary>
    public static void ForbidTf32() => Set("NVIDIA_TF32_OVERRIDE", "0");

    private static void Set(string name, string value)
    {
        _ = OperatingSystem.IsWindows() ? PutEnvironmentVariable(name, value) : SetEnvironmentVariable(name, value, overwrite: 1);
        Environment.SetEnvironmentVariable(name, value);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);

    [LibraryImport("ucrtbase", EntryPoint = "_putenv_s", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int PutEnvironmentVariable(string name, string value);
}
