"""Where everything is: every path and file name that the stages and their readers use, from the project's folder."""

import os
from dataclasses import dataclass
from pathlib import Path

PARAMETERS, EXPERIMENTS, ABLATIONS, RULES = map(Path, ("params.yaml", "experiments", "ablations/params.yaml", "gate.yaml"))
EXTENSIONS, EXTENSION_MODELS = Path("extensions/params.yaml"), Path("extensions/models")
PIPELINE, LOCK = Path("dvc.yaml"), Path("dvc.lock")
PARAMETERS_VALID = Path("data/parameters_valid.txt")
SOURCES, PREPARED = Path("data/sources"), Path("data/prepared")
MODELS, SAMPLES, SCORES, FIGURES, REPORTS = map(Path, ("models", "samples", "scores", "figures", "reports"))
LOCKS = Path("checkpoints")  # locks of runs that train here and, unless the environment names another folder, their checkpoints
LOGS = Path("logs")  # what may differ each time, such as durations; in neither git nor DVC

KNOWN_DENSITY = SCORES / "known_density.csv"
THEORY, THEORY_FIGURES = SCORES / "theory.json", FIGURES / "theory"
FIGURE_1, ANIMATION = THEORY_FIGURES / "figure_1.png", THEORY_FIGURES / "figure_1.gif"
PROPOSITION_1, PROPOSITION_2 = THEORY_FIGURES / "proposition_1.png", THEORY_FIGURES / "proposition_2.png"
THEOREM_1 = THEORY_FIGURES / "theorem_1.png"

PAGE, METRICS, THEORY_METRICS = REPORTS / "index.html", REPORTS / "metrics.json", REPORTS / "theory.json"
TABLE, TABLE_TEXT, SEEDS = REPORTS / "table1.csv", REPORTS / "table1.md", REPORTS / "seeds.csv"
REPORT_FIGURES, PLOTS, REFERENCES = REPORTS / "figures", REPORTS / "plots", REPORTS / "reference"
ABLATED, ABLATIONS_TABLE = ABLATIONS.with_name("experiment.yaml"), REPORTS / "ablations" / "ablations.csv"
EXTENSIONS_REPORT = REPORTS / "extensions"
EXTENSIONS_PAGE, EXTENSION_REFERENCES = EXTENSIONS_REPORT / "README.md", EXTENSIONS_REPORT / "reference"
EXTENSIONS_FINDINGS = EXTENSIONS_REPORT / "findings.csv"
KNOWN_DENSITY_TABLE, OVERFITTING_TABLE = PLOTS / "known_density.csv", PLOTS / "overfitting.csv"
CLAIMS, CLAIMS_TEXT = REPORTS / "claims.csv", REPORTS / "claims.md"
COMPARISON = Path("comparison.html")

GENERATOR, DISCRIMINATOR = "generator.safetensors", "discriminator.safetensors"  # in a model's folder, with the next three
LAST_GENERATOR, AVERAGED = "last_generator.safetensors", "generator_averaged_"
LEARNING_CURVE, SUMMARY = "learning_curve.csv", "summary.json"
LOG_LIKELIHOODS, RELIABILITY, BLUR = "log_likelihoods.npz", "reliability.json", "blur.csv"  # in a reference's folder
COPYING, HELVETICA, OVERFITTING, SANITY = "copying.json", "helvetica.json", "overfitting.json", "sanity.json"  # as well
PARAMETERS_USED, PROVENANCE, CHECKSUMS = "parameters.json", "provenance.json", "checksums.json"  # as well


def average_generator(gamma: float) -> str:
    """File name, in a model's folder, of a generator whose weights were averaged."""
    return f"{AVERAGED}{gamma:g}.safetensors"


def raw() -> Path:
    """Where source files are placed by hand or downloaded to: ``data/raw``, or what ADVERSARIAL_NETS_DATA names."""
    return Path(os.path.expanduser(os.environ.get("ADVERSARIAL_NETS_DATA") or "data/raw"))


def checkpoints() -> Path:
    """Where runs keep their checkpoints: ``checkpoints``, or what ADVERSARIAL_NETS_CHECKPOINTS names."""
    return Path(os.path.expanduser(os.environ.get("ADVERSARIAL_NETS_CHECKPOINTS") or LOCKS))


@dataclass(frozen=True)
class ExperimentPaths:
    """Files of one experiment."""

    name: str

    @property
    def parameters(self) -> Path:
        """The experiment's file."""
        return EXPERIMENTS / f"{self.name}.yaml"

    @property
    def sources(self) -> Path:
        """The verified source files: a folder."""
        return SOURCES / self.name

    @property
    def prepared(self) -> Path:
        """Images, splits and folds."""
        return PREPARED / f"{self.name}.npz"

    @property
    def sanity(self) -> Path:
        """Scores of the sanity checks."""
        return SCORES / self.name / SANITY

    @property
    def costs(self) -> Path:
        """Counted multiply-adds."""
        return SCORES / self.name / "costs.json"

    @property
    def helvetica(self) -> Path:
        """What the Helvetica scenario did to the first seed's generator."""
        return SCORES / self.name / HELVETICA

    @property
    def helvetica_figure(self) -> Path:
        """A picture of it."""
        return FIGURES / self.name / "helvetica.png"

    @property
    def overfitting(self) -> Path:
        """What the first seed's discriminator made of images when it was trained alone."""
        return SCORES / self.name / OVERFITTING

    @property
    def reference(self) -> Path:
        """The committed reference: a folder."""
        return REFERENCES / self.name


@dataclass(frozen=True)
class RunPaths(ExperimentPaths):
    """Files of one run: an experiment and a seed."""

    seed: int

    @property
    def model(self) -> Path:
        """What a run leaves: a folder."""
        return MODELS / self.name / str(self.seed)

    @property
    def generator(self) -> Path:
        """The kept generator."""
        return self.model / GENERATOR

    @property
    def last_generator(self) -> Path:
        """The generator at the end of the run, if the kept one is its average."""
        return self.model / LAST_GENERATOR

    @property
    def other_generators(self) -> dict[str, Path]:
        """Those beside the kept one, by name: ``last``, or ``γ = 2`` for an average."""
        found = {path: path.stem.removeprefix(AVERAGED) for path in sorted(self.model.glob(f"{AVERAGED}*.safetensors"))}
        averages = {f"γ = {found[path]}": path for path in sorted(found, key=lambda path: float(found[path]))}
        return ({"last": self.last_generator} if self.last_generator.exists() else {}) | averages

    @property
    def discriminator(self) -> Path:
        """The discriminator that was kept with it."""
        return self.model / DISCRIMINATOR

    @property
    def summary(self) -> Path:
        """What a reader of the results wants to know of the run."""
        return self.model / SUMMARY

    @property
    def learning_curve(self) -> Path:
        """A row an epoch."""
        return self.model / LEARNING_CURVE

    @property
    def model_card(self) -> Path:
        """The model card."""
        return self.model / "model_card.md"

    @property
    def log(self) -> Path:
        """How long the run took."""
        return LOGS / self.name / f"{self.seed}.json"

    @property
    def samples(self) -> Path:
        """The samples that are scored."""
        return SAMPLES / self.name / f"{self.seed}.npy"

    @property
    def scores(self) -> Path:
        """Everything measured of the samples: a folder."""
        return SCORES / self.name / str(self.seed)

    @property
    def cross_validation(self) -> Path:
        """The choice of σ."""
        return self.scores / "cross_validation.json"

    @property
    def log_likelihoods(self) -> Path:
        """Of every test image."""
        return self.scores / LOG_LIKELIHOODS

    @property
    def reliability(self) -> Path:
        """How far the log-likelihood can be trusted."""
        return self.scores / RELIABILITY

    @property
    def collapse(self) -> Path:
        """Signs of collapse."""
        return self.scores / "collapse.json"

    @property
    def figures(self) -> Path:
        """Pictures of samples: a folder."""
        return FIGURES / self.name / str(self.seed)

    @property
    def samples_figure(self) -> Path:
        """Figure 2 of the paper."""
        return self.figures / "samples.png"

    @property
    def interpolations_figure(self) -> Path:
        """Figure 3 of the paper."""
        return self.figures / "interpolations.png"

    @property
    def interpolations(self) -> Path:
        """Its images in finer steps, for the page's slider."""
        return self.figures / "interpolations.npy"

    @property
    def chains_figure(self) -> Path:
        """States of a baseline's Markov chains, in the place of Figure 3."""
        return self.figures / "chains.png"

    @property
    def averaging_figure(self) -> Path:
        """Samples with and without averaged weights, if the kept generator is an average."""
        return self.figures / "averaging.png"

    @property
    def copying(self) -> Path:
        """Distances that show whether training images were copied."""
        return self.figures / COPYING


@dataclass(frozen=True)
class AblationPaths:
    """Files of ablations of one experiment; ``folder`` has their pipeline."""

    folder: Path = ABLATIONS.parent

    @property
    def parameters(self) -> Path:
        """The variants, and the seeds of each."""
        return self.folder / ABLATIONS.name

    @property
    def experiment(self) -> Path:
        """What is varied."""
        return self.folder / ABLATED.name

    @property
    def report(self) -> Path:
        """Where all results are."""
        return REPORTS / self.folder

    def run(self, variant: str, seed: int) -> Path:
        """All that is kept of a run: a folder."""
        return self.report / "runs" / variant / str(seed)


@dataclass(frozen=True)
class ExtensionPaths:
    """Files of one of section 7's extensions and one seed; a reference has a report of its own."""

    name: str
    seed: int
    report: Path = EXTENSIONS_REPORT

    @property
    def model(self) -> Path:
        """What a training leaves: a folder, which DVC keeps."""
        return EXTENSION_MODELS / self.name / str(self.seed)

    @property
    def model_card(self) -> Path:
        """What the model is, in Markdown."""
        return self.model / "model_card.md"

    @property
    def encoder(self) -> Path:
        """The encoder of learned inference."""
        return self.model / "encoder.safetensors"

    @property
    def results(self) -> Path:
        """What was measured and drawn: a folder."""
        return self.report / "runs" / self.name / str(self.seed)

    @property
    def scores(self) -> Path:
        """What was measured."""
        return self.results / "scores.json"

    @property
    def errors(self) -> Path:
        """Of classifiers with few labels."""
        return self.results / "errors.csv"

    @property
    def images(self) -> Path:
        """How often each test image was misclassified by them."""
        return self.results / "images.csv"

    @property
    def figure(self) -> Path:
        """Images."""
        return self.results / "figure.png"
