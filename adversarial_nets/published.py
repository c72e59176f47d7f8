"""What the paper reports, for comparison; nothing here is measured by this project."""

# Table 1: Gaussian Parzen-window log-likelihood of the test set in nats, and its standard error, by model and data set.
TABLE_1 = {
    "DBN": {"MNIST": (138, 2), "TFD": (1909, 66)},
    "Stacked CAE": {"MNIST": (121, 1.6), "TFD": (2110, 50)},
    "Deep GSN": {"MNIST": (214, 1.1), "TFD": (1890, 29)},
    "Adversarial nets": {"MNIST": (225, 2), "TFD": (2057, 26)},
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
