using System.Security.Cryptography;
using Emergence.Datasets;

namespace Emergence.Analyzer.Tests.Datasets;

public sealed class DigitsTests
{
    private static readonly SampleSet Test = DatasetCatalog.Load("digits", "test", dataDir: null);

    [Theory]
    [InlineData("train", "8cfdd1b882518a7026b18f84a388829a0535d51e15b4044c1e7e65d98431c699")]
    [InlineData("test", "907bf29995651e598966ff1cd2fd75b473e435d22354b46b5eed09f354021aca")]
    public void the_first_thousand_images_are_the_same_on_every_machine(string split, string sha256) =>
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(Digits.Source(split).Read(1000).Data.Span)));

    [Fact]
    public void the_whole_test_split_is_the_published_one()
    {
        Assert.Equal(10_000, Test.Count);
        Assert.Equal([1, 28, 28], Test.SampleShape);
        Assert.Equal("645777d4a414ddc7f9c15967105c7a0297da8b46525b8dc135804196c3dd7d6c", Test.Sha256);
    }

    [Fact]
    public void classes_are_balanced_in_any_thousand()
    {
        var labels = Test.Take(1000).Labels!;
        Assert.All(Enumerable.Range(0, 10), digit => Assert.Equal(100, labels.Count(label => label == digit)));
    }

    [Fact]
    public void no_image_is_blank_and_no_two_are_alike()
    {
        var seen = new HashSet<string>();
        for (var i = 0; i < Test.Count; i++)
        {
            Assert.True(Test[i].ToArray().Count(value => value > 128) > 20, $"image {i} is blank");
            Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(Test[i]))), $"image {i} is drawn twice");
        }
    }

    [Fact]
    public void a_sample_does_not_depend_on_the_others()
    {
        var one = new SampleRandom(1, 0, 7);
        var other = new SampleRandom(1, 0, 7);
        for (var i = 0; i < 3; i++)
            new SampleRandom(1, 0, 8).Bits();
        Assert.Equal(one.Bits(), other.Bits());
        Assert.NotEqual(new SampleRandom(1, 0, 7).Bits(), new SampleRandom(1, 1, 7).Bits());
        Assert.NotEqual(new SampleRandom(1, 0, 7).Bits(), new SampleRandom(2, 0, 7).Bits());
    }
}
