using System.Runtime.InteropServices;
using Emergence.Checkpoints;

namespace Emergence.Trainer.Native;

/// <summary>Loads TorchSharp's native library on Linux, also where the C++ runtime is older than GCC 13's.</summary>
/// <remarks>
/// TorchSharp 0.107's libLibTorchSharp.so names version GLIBCXX_3.4.32 of libstdc++ (GCC 13), so the loader refuses it
/// where the newest is 3.4.30 (Debian 12, Ubuntu 22.04), although nothing in it calls a symbol of that version: a mark
/// that &lt;iostream&gt; leaves in every object file is all there is. Where the library does not load as it is, this class
/// loads a copy in which such unused needs are optional (<see cref="ElfVersionNeeds"/>). On newer systems the library
/// loads at once, and on other systems there is nothing to do.
/// </remarks>
internal static partial class TorchNative
{
    private const string Wrapper = "libLibTorchSharp.so";

    /// <summary>
    /// What the wrapper is linked against. The copy lies elsewhere, so that its $ORIGIN leads nowhere: the loader has to
    /// find these by their names among what is loaded already. They also hold the static initializers of std::cout that
    /// the wrapper leaves to a newer libstdc++.
    /// </summary>
    private static readonly string[] Dependencies = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    private static readonly Lazy<bool> Loaded = new(Load);

    /// <summary>Loads the native library; to be called before the first use of TorchSharp. Further calls do nothing.</summary>
    /// <exception cref="UserException">The library loads neither as it is nor with unused version needs
    /// made optional.</exception>
    public static void EnsureLoaded() => _ = Loaded.Value;

    private static bool Load()
    {
        if (!OperatingSystem.IsLinux() || Find(Wrapper) is not { } wrapper)
            return false;
        LetThreadsSleep();
        foreach (var name in Dependencies)
        {
            if (Find(name) is { } path)
                LoadOrExplain(path);
        }
        if (!NativeLibrary.TryLoad(wrapper, out _))
            LoadCopy(wrapper);
        return true;
    }

    /// <summary>
    /// OpenMP's threads spin while they wait for one another. On cores that others use too, a spinning thread takes the
    /// time that the awaited one needs: an epoch of 4 s took 95 s. Sleeping costs next to nothing where cores are free.
    /// </summary>
    /// <remarks>Read once, when libgomp loads; .NET's own SetEnvironmentVariable does not reach native code.</remarks>
    private static void LetThreadsSleep() => _ = SetEnvironmentVariable("OMP_WAIT_POLICY", "passive", overwrite: 0);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);

    private static void LoadCopy(string original)
    {
        var image = File.ReadAllBytes(original);
        if (!ElfVersionNeeds.MakeUnusedOptional(image))
        {
            LoadOrExplain(original);
            return;
        }
        // A folder of our own (mode 0700), gone as soon as the library is mapped: nothing to plant, share or clean up.
        // TorchSharp's own loader asks for the library by name afterwards and is given the one already loaded.
        var folder = Directory.CreateTempSubdirectory("emergence-train-");
        try
        {
            var copy = Path.Combine(folder.FullName, Wrapper);
            File.WriteAllBytes(copy, image);
            LoadOrExplain(copy);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void LoadOrExplain(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            var reason = e.Message.Split('\n')[0];
            throw new UserException(
                $"{path}: the native library cannot be loaded ({reason}); libtorch needs glibc 2.34 and libstdc++ of GCC 12 "
                + "or newer, and TMPDIR must not be mounted noexec", e);
        }
    }

    /// <summary>The first file of that name in the folders in which the runtime looks for native libraries.</summary>
    private static string? Find(string name) =>
        (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? AppContext.BaseDirectory)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
