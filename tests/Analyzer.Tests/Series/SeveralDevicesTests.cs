using Emergence.Analyzer.Series;
using Emergence.Measuring.Inference;
using Emergence.Measuring.Probes;
using Emergence.Testing;

namespace Emergence.Analyzer.Tests.Series;

/// <summary>Checkpoints that are spread over devices; here each is the loop of other devices on the CPU.</summary>
public class SeveralDevicesTests
{
    private static readonly SessionFactory Cpu = SessionFactory.Create(WholeAnalysis.OnCpu);

    [Fact]
    public void A_series_is_the_same_on_one_device_and_on_several()
    {
        var files = Directory.GetFiles(Path.Combine(SharedFiles.Repository, "models", "digits-mlp"), "*.onnx");
        Array.Sort(files, StringComparer.Ordinal);
        var request = new AnalysisRequest([.. files], WholeAnalysis.OnCpu, new ProbeOptions { Data = ["digits"], Samples = 64 });

        var one = Measure(request, [Cpu]);
        var several = Measure(request, [Cpu.Bound(2), Cpu.Bound(2), Cpu.Bound(1)]);

        Assert.Equal(files.Length, several.Entries.Length);
        foreach (var (expected, entry) in one.Entries.Zip(several.Entries))
        {
            Assert.Equal(expected.File, entry.File);
            Assert.Equal(expected.Result!.Measurements[0].Emergence, entry.Result!.Measurements[0].Emergence);
            Assert.Equal(expected.Result.WeightChange, entry.Result.WeightChange);
            Assert.Equal(expected.Result.Copied, entry.Result.Copied);
        }
    }

    [Fact]
    public void Each_device_has_its_share_at_a_time()
    {
        SessionFactory[] devices = [Cpu.Bound(1), Cpu.Bound(1)];
        var pool = new DevicePool([.. devices], each: 2);
        Assert.Equal(4, pool.Lanes);
        var used = new List<SessionFactory>();
        void Nest(int depth) => pool.Use(device =>
        {
            used.Add(device);
            if (depth > 1)
                Nest(depth - 1);
            return depth;
        });
        Nest(4);
        Assert.All(devices, device => Assert.Equal(2, used.Count(each => each == device)));
        // All are free again, also those whose work failed.
        Assert.Throws<InvalidOperationException>(() => Nest(5));
        Nest(4);
    }

    [Theory]
    [InlineData(null, 1L << 20, 1)]
    [InlineData(3L << 30, 1L << 20, 1)]
    [InlineData(8L << 30, 1L << 20, 2)]
    [InlineData(8L << 30, 1L << 30, 2)]
    [InlineData(8L << 30, 3L << 30, 1)]
    public void Two_at_once_have_room_on_the_gpu(long? free, long largest, int each) =>
        Assert.Equal(each, LaneRule.OnEach(free, largest));

    private static SeriesAnalysis Measure(AnalysisRequest request, SessionFactory[] devices)
    {
        var series = new SeriesAnalysis(request, request.Checkpoints.Length, progress: null, [.. devices]);
        if (devices.Length == 1)
            series.AddAll(request.Checkpoints, TestContext.Current.CancellationToken);
        else
            series.AddByDevices(request.Checkpoints, TestContext.Current.CancellationToken);
        return series;
    }
}
