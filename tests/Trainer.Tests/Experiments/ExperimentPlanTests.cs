using System.Collections.Immutable;
using Emergence.Trainer.Experiments;
using Emergence.Trainer.Networks;

namespace Emergence.Trainer.Tests.Experiments;

/// <summary>How much is done where nothing is said.</summary>
public static class ExperimentPlanTests
{
    [Fact]
    public static void Quick_takes_one_seed_and_one_data_set_but_for_the_transfer()
    {
        var settings = new ExperimentSettings().Quick();
        var plan = ExperimentPlan.Of(ExperimentPlan.All, settings, [], NetworkKind.LeNet);
        Assert.Equal([0], settings.Seeds);
        Assert.Equal(["mnist"], plan.MlpPruning!.Datasets);
        Assert.Equal(["mnist"], plan.Cnn!.Datasets);
        Assert.Equal(("mnist", "fashion-mnist"), (plan.Transfer!.Source, plan.Transfer.Target));
        Assert.Equal(["mnist", "fashion-mnist"], plan.Datasets);
    }

    [Fact]
    public static void Data_sets_that_are_asked_for_are_taken_even_then()
    {
        ImmutableArray<string> asked = ["cifar10", "mnist"];
        var plan = ExperimentPlan.Of(ExperimentPlan.All, new ExperimentSettings().Quick(), asked, NetworkKind.LeNet);
        Assert.Equal(asked, plan.MlpPruning!.Datasets);
        Assert.Equal(asked, plan.Cnn!.Datasets);
    }

    [Fact]
    public static void Else_there_are_both_data_sets()
    {
        var plan = ExperimentPlan.Of(ExperimentPlan.All, new ExperimentSettings(), [], NetworkKind.LeNet);
        Assert.Equal(["mnist", "fashion-mnist"], plan.MlpPruning!.Datasets);
        Assert.Equal(["mnist", "cifar10"], plan.Cnn!.Datasets);
    }
}
