using Emergence.Checkpoints;
using Emergence.Trainer.Training;

namespace Emergence.Trainer.Tests.Training;

public sealed class PreprocessingTests
{
    [Fact]
    public void Images_become_minus_one_to_one()
    {
        var table = Assert.Single(Preprocessing.Images.ByteTables(1));
        Assert.Equal(256, table.Length);
        Assert.Equal(-1f, table[0]);
        Assert.Equal(1f, table[255]);
    }

    [Fact]
    public void Channels_may_have_a_mean_and_a_deviation_each()
    {
        var tables = new Preprocessing(0.5f, [1, 2, 3], [2]).ByteTables(3);
        Assert.Equal([4.5f, 4f, 3.5f], tables.Select(table => table[20]));
    }

    [Fact]
    public void A_wrong_number_of_channels_is_refused()
    {
        var e = Assert.Throws<UsageException>(() => new Preprocessing(1, [0, 0], [1]).ByteTables(3));
        Assert.Equal("--mean: has 2 values for 3 channels; give one, or one each", e.Message);
    }
}
