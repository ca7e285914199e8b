using Emergence.Checkpoints;
using Emergence.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Devices;

/// <summary>
/// The whole measurement on each device against the CPU: every node that is not borderline is alive on both or on neither. A
/// device that is not here is skipped, in the words in which it is refused.
/// </summary>
public class ProviderSuiteTests
{
    private const string BoundCpu = "cpu, bound";

    private static readonly string[] Devices = [BoundCpu, "cuda", "TensorrtExecutionProvider"];

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var device in Devices)
        {
            cases.Add(device, "digits-mlp/ckpt_003.onnx");
            cases.Add(device, "digits-lenet/ckpt_003.onnx");
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Nodes_are_alive_as_on_the_cpu(string device, string model) =>
        Agrees(device, Path.Combine(SharedFiles.Repository, "models", model), samples: 128);

    [Theory]
    [InlineData("cifar/pytorch18_resnet2b.onnx")]
    [InlineData("mnist/tf2onnx1111_inception_concat.onnx")]
    public void Models_of_other_exporters_agree(string model)
    {
        var path = SharedFiles.Require(["models", .. model.Split('/')]);
        foreach (var device in Devices.Where(device => device == BoundCpu || WhyNot(device) is null))
            Agrees(device, path, samples: 24);
    }

    private static void Agrees(string device, string path, int samples)
    {
        var cpu = SessionFactory.Create(Agreement.On(Device.Cpu));
        if (device != BoundCpu && WhyNot(device) is { } reason)
            Assert.Skip(reason);
        var other = device == BoundCpu ? cpu.Bound(2) : SessionFactory.Create(Agreement.On(Device.Parse(device)));
        var (traced, probe) = Agreement.Open(path, cpu, samples);
        var (here, there) = (traced.Measure(probe, cpu, null, default), traced.Measure(probe, other, null, default));
        var agreement = Agreement.Of(here.Measurements[0], there.Measurements[0]);
        Assert.True(agreement.Nodes > 0);
        Assert.Equal(0, agreement.Beyond);
        if (device == BoundCpu)
            Assert.Equal((0, 0d), (agreement.Different, agreement.Largest));
        else
            Assert.Contains(there.Profile.Providers, provider => provider.Name != "CPUExecutionProvider");
    }

    private static string? WhyNot(string device)
    {
        try
        {
            SessionFactory.Create(Agreement.On(Device.Parse(device)));
            return null;
        }
        catch (UserException e)
        {
            return e.Message;
        }
    }
}
