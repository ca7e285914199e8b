using Emergence.Analyzer.Gates;
using Emergence.Analyzer.Tests.Cli;

namespace Emergence.Analyzer.Tests.Gates;

public class GateParserTests
{
    [Theory]
    [InlineData("emergence == 0")]
    [InlineData("  alive_share<0.6  ")]
    [InlineData("alive_share < 60%")]
    [InlineData("layer(conv2).alive_share < 0.2")]
    [InlineData("layer(/block.1/Conv (2)).alive > 10k")]
    [InlineData("layer( * ).alive.change <= -1")]
    [InlineData("accuracy.change < -1")]
    [InlineData("emergence > 1e300")]
    [InlineData("activation_change > 150%")]
    [InlineData("train_loss >= .5")]
    [InlineData("verdict == collapsing")]
    [InlineData("verdict != still-developing")]
    [InlineData("zero_cause == all_dead")]
    public void These_are_gates(string text) => Assert.Equal(text, GateParser.Parse(text).Expression);

    [Theory]
    [InlineData("0.6 > alive_share", 1, "expected the name of a value, as in 'alive_share < 0.6'")]
    [InlineData("emergense == 0", 1, "unknown value 'emergense'; did you mean 'emergence'?")]
    [InlineData("Alive_Share < 0.5", 1, "unknown value 'Alive_Share'; did you mean 'alive_share'?")]
    [InlineData("verdit == settled", 1, "unknown value 'verdit'; did you mean 'verdict'?")]
    [InlineData("layer(fc1).aliv == 0", 12, "unknown value 'aliv'; did you mean 'alive'?")]
    [InlineData("layer(fc1).accuracy < 1", 12, "'accuracy' is a value of the network; write it without layer(…)")]
    [InlineData("layer(fc1).verdict == settled", 12, "'verdict' is a value of the series; write it without layer(…)")]
    [InlineData("slope > 0", 1, "'slope' is a value of a layer; write layer(PATTERN).slope")]
    [InlineData("layer.alive == 0", 6, "expected a pattern of layer names in parentheses, as in layer(conv2).alive_share")]
    [InlineData("layer(fc1.alive == 0", 6, "the parenthesis is not closed; write layer(PATTERN)")]
    [InlineData("layer().alive == 0", 7, "the pattern is empty; write layer(*) for any layer")]
    [InlineData("layer(fc1) == 0", 11, "expected '.' and the name of a value, as in layer(conv2).alive_share")]
    [InlineData("layer([9-0]).alive == 0", 7,
        "'[9-0]': a range in brackets runs backwards; write the smaller character first")]
    [InlineData("emergence = 0", 11, "expected one of ==, !=, <=, >=, <, >")]
    [InlineData("emergence", 10, "expected one of ==, !=, <=, >=, <, >")]
    [InlineData("verdict < settled", 9, "expected one of ==, !=")]
    [InlineData("verdict == setled", 12, "unknown word 'setled' for verdict; did you mean 'settled'?")]
    [InlineData("verdict.change == settled", 8, "'verdict' is a word and has no change; compare it with == or !=")]
    [InlineData("emergence.chnge < 0", 11, "emergence has no 'chnge'; expected 'change'")]
    [InlineData("emergence <", 12, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("emergence < ten", 13, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("emergence < 0,5", 13, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("emergence < 1/0", 13, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("emergence < 1e99999", 13, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("emergence < NaN", 13, "expected a number, such as 0.6, 50%, 1/255, 10k or 1e30")]
    [InlineData("alive < 50%", 9, "alive is no share, so a percentage does not fit it; give a number")]
    [InlineData("accuracy < 90", 12, "accuracy is a share from 0 to 1; write 0.9 or 90% for nine tenths")]
    [InlineData("accuracy.change < -1%", 19, "the change of accuracy is in points; leave the % out")]
    [InlineData("alive > 1 and dead > 1", 11, "unexpected text; one comparison per --fail-on, repeat the option for several")]
    public async Task An_error_points_at_the_column(string text, int column, string finding)
    {
        using var shell = new Shell();
        Assert.Equal(2, await shell.RunAsync(shell.File("a.onnx"), shell.File("b.onnx"), $"--fail-on={text}"));
        Assert.Null(shell.Request);
        Assert.Equal(
            $"error: --fail-on: column {column}: {finding}\n  {text}\n  {new string(' ', column - 1)}^\n", shell.Error);
    }

    [Fact]
    public void A_name_that_is_like_no_other_gets_the_list()
    {
        var error = Assert.Throws<GateSyntaxException>(() => GateParser.Parse("loss < 1"));
        Assert.StartsWith("--fail-on: column 1: unknown value 'loss'; expected one of emergence, ", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.6", "3/5")]
    [InlineData("-.5", "-1/2")]
    [InlineData("5.", "5")]
    [InlineData("50%", "1/2")]
    [InlineData("1/255", "1/255")]
    [InlineData("2.5/10", "1/4")]
    [InlineData("10k", "10000")]
    [InlineData("1.5M", "1500000")]
    [InlineData("1e30", "1000000000000000000000000000000")]
    [InlineData("12E-1", "6/5")]
    public void Numbers_are_read_exactly(string text, string exact) =>
        Assert.Equal(exact, Exact.Read(text, 0)!.Value.Value.ToString());
}
