using System.Runtime.CompilerServices;
using System.Text;

namespace Emergence.Analyzer.Tests.Reports;

/// <summary>
/// Expected output in Goldens/. <c>EMERGENCE_RENEW_GOLDENS=1 dotnet test</c> writes it anew; the change is
/// then reviewed as a diff.
/// </summary>
internal static class Golden
{
    public static void Check(string name, ReadOnlyMemory<byte> actual)
    {
        var path = Path.Combine(Folder(), name);
        if (Environment.GetEnvironmentVariable("EMERGENCE_RENEW_GOLDENS") == "1")
        {
            Directory.CreateDirectory(Folder());
            File.WriteAllBytes(path, actual.Span);
        }
        // As text first: a difference is then shown where it is.
        Assert.Equal(File.ReadAllText(path), Encoding.UTF8.GetString(actual.Span));
        Assert.Equal(File.ReadAllBytes(path), actual.ToArray());
    }

    private static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Goldens");
}
