using Emergence.Trainer.Native;
using TorchSharp;
using Xunit.Sdk;
using Xunit.v3;

// Native thread counts are a setting of the thread, and a test's cores are better spent one run at a time.
[assembly: Parallelization(Mode = ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Emergence.Trainer.Tests.TorchFixture))]

namespace Emergence.Trainer.Tests;

/// <summary>Loads libtorch before the first test touches it.</summary>
public sealed class TorchFixture
{
    public TorchFixture()
    {
        TorchNative.EnsureLoaded();
        torch.set_num_threads(1);
    }
}
