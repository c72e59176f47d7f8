"""What the paper reports, for comparison; nothing here is measured by this project."""

# Table 2, in other words: what each family of generative models has to contend with, for each thing that one does with a model.
FAMILIES = ("deep directed models", "deep undirected models", "generative autoencoders", "adversarial nets")
TABLE_2 = {
    "training": (
        "inference while training",
        "inference while training; a Markov chain for the partition function's gradient",
        "a trade-off, enforced, between mixing and reconstruction",
        "D must keep in step with G (the Helvetica scenario)",
    ),
    "inference": ("learned, approximate", "variational", "by Markov chain", "learned, approximate"),
    "sampling": ("no difficulty", "by Markov chain", "by Markov chain", "no difficulty"),
    "evaluating p(x)": (
        "intractable; annealed importance sampling may approximate it",
        "intractable; annealed importance sampling may approximate it",
        "not represented; a Parzen window may approximate it",
        "not represented; a Parzen window may approximate it",
    ),
    "model design": (
        "nearly all models very hard to train",
        "needs care to ensure several properties",
        "any differentiable function",
        "any differentiable function",
    ),
}

# Table 1: Gaussian Parzen-window log-likelihood of the test set in nats, and its standard error, by model and data set.
TABLE_1 = {
    "DBN": {"MNIST": (138, 2), "TFD": (1909, 66)},
    "Stacked CAE": {"MNIST": (121, 1.6), "TFD": (2110, 50)},
    "Deep GSN": {"MNIST": (214, 1.1), "TFD": (1890, 29)},
    "Adversarial nets": {"MNIST": (225, 2), "TFD": (2057, 26)},
}

# The names that Table 1 gives to the models of experiment files.
NAMES = {
    "adversarial": "Adversarial nets",
    "deep_belief_network": "DBN",
    "contractive_autoencoder": "Stacked CAE",
    "generative_stochastic_network": "Deep GSN",
}

# Figure 2: what its panels show, by the beginning of the names of experiments.
PANELS = {
    "mnist": "Figure 2a, MNIST",
    "tfd": "Figure 2b, TFD",
    "fer2013": "Figure 2b, TFD, which are other faces",
    "cifar10_mlp": "Figure 2c, CIFAR-10 by the fully connected model",
    "cifar10_conv": "Figure 2d, CIFAR-10 by a convolutional discriminator and a “deconvolutional” generator",
}


def panel(experiment: str) -> str:
    """The panel of Figure 2 that an experiment reproduces, in words."""
    return next((text for name, text in PANELS.items() if experiment.startswith(name)), "Figure 2")
