"""What the paper reports, for comparison; nothing here is measured by this project."""

# Table 1: Gaussian Parzen-window log-likelihood of the test set in nats, and its standard error, by model and data set.
TABLE_1 = {
    "DBN": {"MNIST": (138, 2), "TFD": (1909, 66)},
    "Stacked CAE": {"MNIST": (121, 1.6), "TFD": (2110, 50)},
    "Deep GSN": {"MNIST": (214, 1.1), "TFD": (1890, 29)},
    "Adversarial nets": {"MNIST": (225, 2), "TFD": (2057, 26)},
}
