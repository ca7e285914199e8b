using TorchSharp;

namespace Emergence.Trainer;

internal static class Program
{
    public static int Main()
    {
        Native.TorchNative.EnsureLoaded();
        using var x = torch.ones(3, 4);
        Console.WriteLine(x.sum().item<float>());
        torch.set_num_threads(2);
        Console.WriteLine(torch.get_num_threads());
        return 0;
    }
}
