namespace Emergence.Analyzer.Tests.Series;

/// <summary>Several checkpoints at once are told of as one after the other.</summary>
public class SeriesProgressTests : IProgress<AnalysisProgress>
{
    private readonly List<string> told = [];

    [Fact]
    public void the_first_that_is_not_done_is_told_of()
    {
        var progress = new SeriesProgress(this);
        Report(0, 0);
        Report(1, 0);
        Report(1, 5);
        Report(0, 5);
        progress.Done();
        progress.Done();
        Report(2, 5);
        progress.Say(new AnalysisProgress("", 2, 3, 0, 0, "downloads"));
        Report(3, 1);
        Assert.Equal(["0:0", "0:5", "1:5", "2:5", "2:0 downloads"], told);

        void Report(int index, int samples) => progress.Report(new AnalysisProgress("", index, 3, samples, 5));
    }

    void IProgress<AnalysisProgress>.Report(AnalysisProgress value) =>
        told.Add($"{value.Index}:{value.SamplesDone} {value.Activity}".TrimEnd());
}
