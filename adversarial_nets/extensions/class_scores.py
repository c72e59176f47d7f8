"""What is measured of samples of every class: whether they look like images, and like images of the class asked for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from adversarial_nets.core.randomness import stream
from adversarial_nets.data.prepared import TEST, VALIDATION
from adversarial_nets.extensions.classifier import trained
from adversarial_nets.extensions.conditional import Classes, class_wise, cross_validation
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import mean_and_standard_error, score, sigma_grid
from adversarial_nets.parameters.evaluation import EvaluationParameters
from adversarial_nets.parameters.extensions import Extensions


@dataclass(frozen=True)
class Scores:
    """What is measured of samples of every class.

    log_likelihood: of the test images under one window of all samples, in nats, with its standard error and σ.
    class_wise_log_likelihood: under the samples of each image's own class, likewise.
    asked_share: share of samples that a classifier of real images puts into the class that was asked for.
    accuracy: of test images, by a classifier trained on as many samples as there are of both models and training images;
    accuracy_of_all: on all.
    """

    num_classes: int
    num_samples: int
    log_likelihood: float
    standard_error: float
    sigma: float
    class_wise_log_likelihood: float
    class_wise_standard_error: float
    class_wise_sigma: float
    asked_share: float
    accuracy: float
    accuracy_of_all: float


def measure(
    samples: Sequence[np.ndarray], classes: Classes, protocol: EvaluationParameters, asked: Extensions, seed: int
) -> Scores:
    """Of an array (n, D) of samples for each class."""
    together, labels = np.concatenate(samples), np.repeat(np.arange(len(samples)), [len(each) for each in samples])
    whole = score(ParzenWindow(together), len(together), classes.data, protocol)
    own = cross_validation(samples, *classes.held_out(VALIDATION), sigma_grid(protocol.sigma))
    test, test_labels = classes.held_out(TEST)
    mean, standard_error = mean_and_standard_error([class_wise(samples, test, test_labels, np.array([own.sigma]))[0]])
    at_most, judge = min(len(classes.training[0]), classes.count * asked.conditional.samples_per_class), asked.classifier
    chosen = torch.randperm(len(together), generator=stream(seed, "classified samples"))[:at_most].numpy()
    return Scores(
        num_classes=len(samples),
        num_samples=len(together),
        log_likelihood=whole.log_likelihood,
        standard_error=whole.standard_error,
        sigma=whole.sigmas[0],
        class_wise_log_likelihood=mean,
        class_wise_standard_error=standard_error,
        class_wise_sigma=own.sigma,
        asked_share=trained(*classes.training, judge, seed).accuracy(together, labels),
        accuracy=trained(together[chosen], labels[chosen], judge, seed).accuracy(test, test_labels),
        accuracy_of_all=trained(together, labels, judge, seed).accuracy(test, test_labels),
    )
