"""Has a generator collapsed? Section 6 of the paper warns of “the Helvetica scenario”: many values of z become the same x.

Two signs that need no density: which classes the samples show, and how many samples all but repeat another one. Beside them the
rule by which a run counts as collapsed, and how often that happens.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import binomtest, entropy
from sklearn.neighbors import KNeighborsClassifier

from adversarial_nets.data.prepared import TEST, PreparedData
from adversarial_nets.diagnostics.neighbours import distances, distances_from_others
from adversarial_nets.diagnostics.sharpness import Sharpness, sharpness

NEIGHBOURS = 5  # of the classifier
QUANTILE = 0.01  # of the real images' distances: nearer than that is a near-duplicate
LIMIT = 10_000  # images and samples that are looked at: the time grows with their product
FINISHED, COLLAPSED = "finished", "collapsed"  # outcomes of a run
NO_CLASS = (-1, 255)  # labels of images that have none, in signed and in unsigned bytes


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Class histogram and entropy in nats, if there are classes, and the fraction of near-duplicates.

    ``classifier_accuracy``: of real images whose labels are known.
    """

    class_histogram: list[int] | None = None
    class_entropy: float | None = None
    near_duplicates: float
    classifier_accuracy: float | None = None


@dataclass(frozen=True)
class Collapse:
    """Signs of collapse, and sharpness, of samples and of test images.

    ``threshold`` is the distance below which samples are near-duplicates.
    """

    num_compared: int
    threshold: float
    samples: Signs
    test_images: Signs
    samples_sharpness: Sharpness
    test_images_sharpness: Sharpness


def measure(samples: np.ndarray, data: PreparedData) -> Collapse:
    """Of samples (n, D) beside the data's test images."""
    ruler = CollapseMeasure(data.training_images, labels_of(data, data.training), len(samples))
    real = data.fold_images(0, TEST)
    return Collapse(
        num_compared=ruler.count,
        threshold=ruler.threshold,
        samples=ruler.of_samples(samples),
        test_images=ruler.of_held_out(real, labels_of(data, data.folds[0] == TEST)),
        samples_sharpness=sharpness(samples, data),
        test_images_sharpness=sharpness(real, data),
    )


def outcome(curve: pd.DataFrame, mean_image_validation: float) -> str:
    """How a run ended: COLLAPSED if its last validation is below the bar, otherwise FINISHED.

    The validation is that of the last generator (never of an average), in nats, in the last row of the learning curve that has
    one: at the end of the run, or when it was stopped. The bar is what the mean training image scores on the validation images.
    A run that fell below the bar and recovered has finished. Test images have no say.
    """
    return COLLAPSED if curve["validation_log_likelihood"].dropna().iloc[-1] < mean_image_validation else FINISHED


def rate_interval(num_collapsed: int, num_started: int, level: float = 0.95) -> tuple[float, float]:
    """Clopper and Pearson's interval for the probability that a run collapses."""
    interval = binomtest(num_collapsed, num_started).proportion_ci(level, method="exact")
    return float(interval.low), float(interval.high)


class CollapseMeasure:
    """What is measured of samples, once fitted to real images: training images (n, D) with labels (n,), or an empty array.

    ``count`` samples are compared with one another, or as many as there are training images, or LIMIT. Equally many training
    images set the distance at which samples count as near-duplicates, because neighbours are nearer the more there are. Raises
    ValueError if that leaves fewer than two.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, count: int = LIMIT):
        self.count = min(count, len(images), LIMIT)
        self._real = images[: self.count]
        self.threshold = float(np.quantile(distances_from_others(self._real), QUANTILE))
        self._classifier = _classifier(images, labels)
        self.num_classes = len(self._classifier.classes_) if self._classifier else 0

    def of_samples(self, samples: np.ndarray) -> Signs:
        """Signs of collapse in samples (m, D)."""
        return self._measured(samples, distances_from_others(samples[: self.count]))

    def of_held_out(self, images: np.ndarray, labels: np.ndarray) -> Signs:
        """The same of real images (m, D) that were not trained on; with labels (m,) the classifier's accuracy on them too.

        The other images of each are the training images: held-out ones are fewer. In both, as many near-duplicates are expected
        as among training images.
        """
        measured = self._measured(images, distances(images, self._real))
        with_class = labelled(labels)
        if self._classifier and with_class.any():
            found = self._classifier.predict(images[with_class])
            return replace(measured, classifier_accuracy=float(np.mean(found == labels[with_class])))
        return measured

    def _measured(self, images: np.ndarray, nearest_others: np.ndarray) -> Signs:
        near_duplicates = float(np.mean(nearest_others <= self.threshold))
        if not self._classifier:
            return Signs(near_duplicates=near_duplicates)
        classes = np.searchsorted(self._classifier.classes_, self._classifier.predict(images[:LIMIT]))
        histogram = np.bincount(classes, minlength=self.num_classes)
        return Signs(class_histogram=histogram.tolist(), class_entropy=class_entropy(histogram), near_duplicates=near_duplicates)


def class_entropy(histogram: np.ndarray) -> float:
    """Entropy in nats of a histogram over C classes (C,): from 0, one class alone, to log C, all equally often."""
    return max(float(entropy(histogram)), 0.0)  # never the −0 that rounding may leave


def labels_of(data: PreparedData, rows: np.ndarray) -> np.ndarray:
    """Labels of some of a data set's images, by indices or a mask: (n,); one that names no class if the data set has none."""
    return (data.labels if len(data.labels) else np.full(len(data.images), NO_CLASS[0]))[rows]


def labelled(labels: np.ndarray) -> np.ndarray:
    """Which of labels (n,) name a class: (n,) bool."""
    return ~np.isin(labels, NO_CLASS)


def _classifier(images: np.ndarray, labels: np.ndarray) -> KNeighborsClassifier | None:
    """The vote of the nearest training images; none if fewer than two classes have a label."""
    with_class = np.flatnonzero(labelled(labels))[:LIMIT]
    if len(np.unique(labels[with_class])) < 2:
        return None
    neighbours = min(NEIGHBOURS, len(with_class))
    return KNeighborsClassifier(neighbours, algorithm="brute").fit(images[with_class], labels[with_class])
