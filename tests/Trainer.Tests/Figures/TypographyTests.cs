using Emergence.Figures;

namespace Emergence.Trainer.Tests.Figures;

public sealed class TypographyTests
{
    [Fact]
    public void Text_breaks_between_words()
    {
        var width = Typography.Width("one two", 10);
        Assert.Equal("one two\nthree", Typography.Wrap("one two three", width, 10));
        Assert.Equal("one\ntwo", Typography.Wrap("one two", width - 1, 10));
    }

    [Fact]
    public void A_word_too_wide_breaks_between_characters_and_never_inside_one()
    {
        var wrapped = Typography.Wrap("E\u0303E\u0303E\u0303E\u0303", Typography.Width("EE", 10), 10);
        Assert.Equal("E\u0303E\u0303\nE\u0303E\u0303", wrapped);
        Assert.Equal("a\nb", Typography.Wrap("ab", 0, 10));
    }

    [Fact]
    public void Nothing_and_blanks_are_one_empty_line()
    {
        Assert.Equal("", Typography.Wrap(" \n ", 100, 10));
        Assert.Equal(0, Typography.Width("", 10));
    }

    [Fact]
    public void A_text_is_as_wide_as_its_widest_line_and_wider_in_bold()
    {
        Assert.Equal(Typography.Width("wide line", 10), Typography.Width("a\nwide line", 10));
        Assert.True(Typography.Width("text", 10, bold: true) > Typography.Width("text", 10));
    }
}
