using Emergence.Measuring.Settings;

namespace Emergence.Analyzer.Tests.Devices;

public class DeviceTests
{
    [Theory]
    [InlineData("auto", "auto")]
    [InlineData("cpu", "cpu")]
    [InlineData("cuda", "cuda")]
    [InlineData("cuda:0", "cuda", 0)]
    [InlineData("cuda:3,1", "cuda", 3, 1)]
    [InlineData("TensorrtExecutionProvider", "TensorrtExecutionProvider")]
    [InlineData("my_ep-2.0:7", "my_ep-2.0", 7)]
    public void A_device_is_read_and_written_alike(string text, string name, params int[] numbers)
    {
        var device = Device.Parse(text);
        Assert.Equal((name, text), (device.Name, device.ToString()));
        Assert.Equal(numbers, device.Numbers);
        Assert.Equal(Device.Parse(text), device);
        Assert.Equal(Device.Parse(text).GetHashCode(), device.GetHashCode());
    }

    [Theory]
    [InlineData("CPUExecutionProvider", "cpu")]
    [InlineData("CUDAExecutionProvider", "cuda")]
    [InlineData("CUDAExecutionProvider:1", "cuda:1")]
    public void ONNX_Runtimes_own_names_of_ours_are_the_same(string text, string device) =>
        Assert.Equal(device, Device.Parse(text).ToString());

    [Theory]
    [InlineData("", "'': expected auto, cpu, cuda, cuda:N or an execution provider, as in TensorrtExecutionProvider")]
    [InlineData("0", "'0': expected auto, cpu, cuda, cuda:N or an execution provider, as in TensorrtExecutionProvider")]
    [InlineData("a b", "'a b': expected auto, cpu, cuda, cuda:N or an execution provider, as in TensorrtExecutionProvider")]
    [InlineData("<b>", "'<b>': expected auto, cpu, cuda, cuda:N or an execution provider, as in TensorrtExecutionProvider")]
    [InlineData("cpu:0", "'cpu:0': cpu takes no number; give one to cuda, as in cuda:0")]
    [InlineData("auto:1", "'auto:1': auto takes no number; give one to cuda, as in cuda:0")]
    [InlineData("cuda:", "'cuda:': '' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("cuda:-1", "'cuda:-1': '-1' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("cuda:0,", "'cuda:0,': '' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("cuda:1:2", "'cuda:1:2': '1:2' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("cuda:99999999999", "'cuda:99999999999': '99999999999' is not the number of a device, as in cuda:0 or cuda:0,1")]
    [InlineData("cuda:1,1", "'cuda:1,1' names one device twice")]
    public void What_is_no_device_is_refused(string text, string finding) =>
        Assert.Equal(finding, Assert.Throws<FormatException>(() => Device.Parse(text)).Message);
}
