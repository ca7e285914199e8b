using System.Globalization;
using System.Runtime.InteropServices;
using Emergence.Checkpoints;
using Emergence.Devices;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Settings;

// device-check [--samples N] [--timed N] [--device NAME]… [MODEL…]: every model on the CPU and on the other
// devices, side by side; compared on N samples, and timed on N, or on those of 512 MB.
var samples = 256;
var timed = 16384;
var devices = new List<Device>();
var models = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--samples")
        samples = int.Parse(args[++i], CultureInfo.InvariantCulture);
    else if (args[i] == "--timed")
        timed = int.Parse(args[++i], CultureInfo.InvariantCulture);
    else if (args[i] == "--device")
        devices.Add(Device.Parse(args[++i]));
    else
        models.Add(args[i]);
}
var folder = Directory.CreateTempSubdirectory("device-check-");
try
{
    if (models.Count == 0)
    {
        models.AddRange(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "models"), "*.onnx")
            .Order(StringComparer.Ordinal));
        models.Add(LargeNetwork.Save(Path.Combine(folder.FullName, "convolutions.onnx")));
    }
    if (devices.Count == 0)
        devices.AddRange([Device.Cuda, Device.Parse("TensorrtExecutionProvider")]);
    var cpu = SessionFactory.Create(Agreement.On(Device.Cpu));
    Console.WriteLine(
        $"ONNX Runtime {SessionFactory.RuntimeVersion}, {RuntimeInformation.OSDescription}, {samples} random samples");
    var factories = new List<SessionFactory> { cpu };
    foreach (var device in devices)
    {
        try
        {
            factories.Add(SessionFactory.Create(Agreement.On(device)));
        }
        catch (UserException e)
        {
            Console.WriteLine($"left out: {e.Message}");
        }
    }
    if (factories.Count == 1)
        Console.WriteLine("no card was found: the rows are those of the CPU, and of the other devices' loop on it");
    return DeviceTable.Write(factories, models, samples, (timed, 512L << 20)) ? 0 : 1;
}
finally
{
    folder.Delete(recursive: true);
}
