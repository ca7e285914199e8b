using Emergence.Checkpoints;

namespace Emergence.Analyzer.Tests.Series;

public class GlobTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("ckpt_*.onnx", "ckpt_001.onnx", true)]
    [InlineData("ckpt_*.onnx", "ckpt_001.onnx.bak", false)]
    [InlineData("ckpt_*.onnx", "my_ckpt_001.onnx", false)]
    [InlineData("ckpt_??.onnx", "ckpt_01.onnx", true)]
    [InlineData("ckpt_??.onnx", "ckpt_1.onnx", false)]
    [InlineData("ckpt_[0-4].onnx", "ckpt_4.onnx", true)]
    [InlineData("ckpt_[0-4].onnx", "ckpt_5.onnx", false)]
    [InlineData("ckpt_[!0-4].onnx", "ckpt_5.onnx", true)]
    [InlineData("ckpt_[^0-4].onnx", "ckpt_4.onnx", false)]
    [InlineData("a[*]b", "a*b", true)]
    [InlineData("a[*]b", "axb", false)]
    [InlineData("a[]]b", "a]b", true)]
    [InlineData("a[!]]b", "a]b", false)]
    [InlineData("a[b", "a[b", true)]
    [InlineData("a[]", "a[]", true)]
    [InlineData("a[b-]c", "a-c", true)]
    [InlineData("[\\d]", "5", false)]
    [InlineData("[\\d]", "\\", true)]
    [InlineData("a.b", "axb", false)]
    [InlineData("/fc1/*", "/fc1/Gemm/x", true)]
    [InlineData("a*", "a\nb", true)]
    [InlineData("A*", "abc", false)]
    public void A_pattern_covers_the_whole_text(string pattern, string text, bool expected) =>
        Assert.Equal(expected, new Glob(pattern).Matches(text));

    [Fact]
    public void Case_is_ignored_on_request() => Assert.True(new Glob("CKPT_[A-C]*", ignoreCase: true).Matches("ckpt_b1"));

    [Theory]
    [InlineData("*")]
    [InlineData("?")]
    [InlineData("[a-z]")]
    public void A_pattern_that_cannot_be_matched_in_linear_time_is_refused_in_words(string part)
    {
        var message = Assert.Throws<UsageException>(() => new Glob(part + new string('x', 50_000))).Message;
        Assert.StartsWith($"'{part}xx", message, StringComparison.Ordinal);
        Assert.EndsWith(
            $"…': a pattern of {50_000 + part.Length} characters is too long; write * for a part of it", message,
            StringComparison.Ordinal);
        Assert.True(message.Length < 150);
    }

    [Fact]
    public void A_plain_name_may_be_of_any_length()
    {
        var name = new string('x', 50_000);
        Assert.True(new Glob(name).Matches(name));
        Assert.False(new Glob(name).Matches(name + "x"));
    }

    [Fact]
    public void Many_stars_take_no_longer_than_the_text_is_long() =>
        Assert.False(new Glob(string.Concat(Enumerable.Repeat("*a", 60))).Matches(new string('a', 10_000) + "b"));

    [Fact]
    public void A_backward_range_is_refused()
    {
        var error = Assert.Throws<UsageException>(() => new Glob("ckpt_[9-0].onnx"));
        Assert.Equal("'ckpt_[9-0].onnx': a range in brackets runs backwards; write the smaller character first", error.Message);
    }
}
