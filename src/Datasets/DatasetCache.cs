using Emergence.Checkpoints;

namespace Emergence.Datasets;

/// <summary>The user's folder for downloaded data sets.</summary>
internal static class DatasetCache
{
    /// <summary><c>$XDG_CACHE_HOME</c>, else the system's cache or local data folder, and in it <c>emergence</c>.</summary>
    /// <exception cref="UserException">The user has no such folder.</exception>
    public static string Folder
    {
        get
        {
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } xdg && Path.IsPathFullyQualified(xdg) ? xdg
                : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : home.Length == 0 ? ""
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
                : Path.Combine(home, ".cache");
            if (root.Length == 0)
                throw new UserException(
                    "data sets: there is no folder to keep downloads in; set XDG_CACHE_HOME, or give --data-dir");
            return Path.Combine(root, "emergence");
        }
    }
}
