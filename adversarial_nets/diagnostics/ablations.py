"""Ablations of Algorithm 1's choices and of the generator: its gradient while it trains, and tables of what came of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core import files
from adversarial_nets.core.errors import InputError
from adversarial_nets.data.prepared import PreparedData
from adversarial_nets.diagnostics.collapse import outcome
from adversarial_nets.diagnostics.sanity import mean_image_validation
from adversarial_nets.gan.run import Run, Setup, start, summary
from adversarial_nets.gan.sampling import draw_samples
from adversarial_nets.gan.training import OnEpoch, play
from adversarial_nets.likelihood.parzen import ParzenWindow
from adversarial_nets.likelihood.protocol import score, scoring
from adversarial_nets.parameters.experiment import Experiment
from adversarial_nets.parameters.layers import GeneratorParameters
from adversarial_nets.parameters.project import Ablations
from adversarial_nets.parameters.reading import parse
from adversarial_nets.parameters.training import GameParameters, TrainingParameters
from adversarial_nets.running import paths
from adversarial_nets.running.checkpoints import Checkpoint
from adversarial_nets.running.paths import AblationPaths

FIRST_EPOCHS, FIRST_UPDATES = 5, 400  # whose gradients are kept update by update
LAST_EPOCHS = 10  # that the ends of the curves are means over
PUBLISHED = "simultaneous"  # the variant that is the experiment itself, whose game is the published code's
GAME = tuple(GameParameters.model_fields)  # columns that variants differ in, with the next two
NOISE, LAYERS = "noise", "layers"
RATES = ("learning_rate", "learning_rate_decay")
VALIDATED = ("validation_log_likelihood", "average_validation_log_likelihood")
MEANS = ("gradient_norm", "d_real", "d_fake")
LEARNING_CURVE, GRADIENTS, SCORES = "learning_curve.csv", "gradients.csv", "scores.json"


class GradientNorms:
    """Euclidean norms of a player's whole gradient, one for each step of its optimiser from now on.

    A hook on the optimiser: other runs do not have it, and it changes nothing in this one.
    """

    def __init__(self, optimizer: torch.optim.Optimizer):
        self._norms: list[Tensor] = []
        self._ends: list[int] = []
        optimizer.register_step_post_hook(self._record)

    def _record(self, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        gradients = [parameter.grad for group in optimizer.param_groups for parameter in group["params"]]
        self._norms.append(torch.nn.utils.get_total_norm(gradients))

    def end_epoch(self) -> None:
        """An epoch ends here."""
        self._ends.append(len(self._norms))

    def state_dict(self) -> dict[str, Any]:
        """All norms and ends so far, for a run that stops here; on the CPU, where they come back."""
        return {"norms": torch.tensor([float(norm) for norm in self._norms]), "ends": self._ends}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume with the norms and ends of a run that stopped."""
        self._norms, self._ends = list(state["norms"]), list(state["ends"])

    def table(self) -> pd.DataFrame:
        """A row for each update in an epoch that has ended: epoch, update (both from 1), gradient_norm."""
        norms = [float(norm) for norm in self._norms[: self._ends[-1]]]
        rows = pd.DataFrame({"update": range(1, len(norms) + 1), "gradient_norm": norms})
        rows.insert(0, "epoch", 1 + pd.Series(self._ends).searchsorted(rows["update"]))
        return rows


def varied(experiment: Experiment, asked: Ablations, variant: str) -> Experiment:
    """The experiment with a variant's game and generator.

    Raises InputError if there is no such variant, or the experiment does not suit.
    """
    if variant not in asked.variants:
        raise InputError(f"variant: none is called '{variant}'; there are {', '.join(asked.variants)}")
    for key, field in TrainingParameters.model_fields.items():
        # ablations/dvc.yaml lists the keys that a run depends on, averaging too; DVC cannot list one that may be missing.
        if not field.is_required() and key != "averaging" and getattr(experiment.training, key) is not None:
            raise InputError(f"{paths.ABLATED}:training.{key}: ablations need an experiment without {key}")
    values, changes = experiment.model_dump(), asked.variants[variant].model_dump(exclude_none=True)
    values["generator"] = changes.pop("generator", values["generator"])
    values["training"] |= changes
    return parse(values, Experiment, f"variant {variant} of {paths.ABLATED}")


def train(setup: Setup, on_epoch: OnEpoch, checkpoint: Checkpoint | None = None) -> tuple[Run, pd.DataFrame]:
    """Play a run, or the rest of the one in the checkpoint; returns it with the table of the generator's gradient norms."""
    run = start(setup)
    norms = GradientNorms(run.game.generator_optimizer)
    run.recorders.append(norms)

    def end_epoch(row: dict[str, float]) -> None:
        norms.end_epoch()
        on_epoch(row)

    return play(run, end_epoch, checkpoint), norms.table()


@dataclass(frozen=True)
class Scores:
    """The kept generator's log-likelihood and its standard error in nats, the σ of each fold, how many updates it took, and how
    the run ended.
    """

    log_likelihood: float
    standard_error: float
    sigmas: list[float]
    sigma_at_grid_end: bool
    discriminator_updates: int
    generator_updates: int
    kept_epoch: int
    outcome: str


@dataclass(frozen=True)
class Tried:
    """One variant with one seed: the experiment that it is, its learning curve, the first epochs' gradients, and scores."""

    variant: str
    experiment: Experiment
    seed: int
    curve: pd.DataFrame
    gradients: pd.DataFrame
    scores: Scores

    @property
    def row(self) -> dict[str, Any]:
        """What is compared: log-likelihood in nats; gradient norms and mean outputs of D over epochs."""
        first, last = self.curve.iloc[0], self.curve.iloc[-LAST_EPOCHS:].mean()
        leads = self.curve["d_real"] - self.curve["d_fake"]
        return {
            "variant": self.variant,
            **{key: getattr(self.experiment.training, key) for key in GAME},
            "seed": self.seed,
            "discriminator_updates": self.scores.discriminator_updates,
            "generator_updates": self.scores.generator_updates,
            "log_likelihood": self.scores.log_likelihood,
            "kept_epoch": self.scores.kept_epoch,
            "outcome": self.scores.outcome,
            **described(self.experiment.generator),
            **{f"{name}_first": first[name] for name in MEANS},
            **{f"{name}_last": last[name] for name in MEANS},
            "learning_rate": self.experiment.training.learning_rate,
            "widest_lead": leads.max(),
            "widest_lead_epoch": int(self.curve["epoch"][leads.idxmax()]),
            "gradient_norm_end": self.curve["gradient_norm"].iloc[-1],
            "learning_rate_decay": self.experiment.training.learning_rate_decay,
            **{f"{name}_end": self.curve[name].iloc[-1] for name in VALIDATED if name in self.curve},
        }


def described(generator: GeneratorParameters) -> dict[str, str]:
    """A generator's noise and its layers, each in a few words."""
    layers = generator.layers.values()
    sizes = [layer.units if hasattr(layer, "units") else f"{layer.kernel}×{layer.kernel}" for layer in layers]
    words = [f"{size} {layer.type.replace('_', ' ')}" for size, layer in zip(sizes, layers, strict=True)]
    return {NOISE: f"{generator.noise_dimensions} {generator.noise}", LAYERS: ", ".join(words)}


def measure(run: Run, gradients: pd.DataFrame, data: PreparedData, seed: int) -> Scores:
    """Score the kept generator by the experiment's protocol. Raises InputError if a bandwidth does not suit."""
    experiment = run.experiment
    samples = draw_samples(run.kept.generator, experiment.generator, experiment.sampling.num_samples, seed)
    with scoring():
        bar = mean_image_validation(data, experiment, run.images.device)
        found = score(ParzenWindow(samples, device=run.images.device), len(samples), data, experiment.evaluation)
    return Scores(
        log_likelihood=found.log_likelihood,
        standard_error=found.standard_error,
        sigmas=found.sigmas,
        sigma_at_grid_end=found.sigma_at_grid_end,
        discriminator_updates=run.updates,
        generator_updates=len(gradients),
        kept_epoch=summary(run).kept_epoch,
        outcome=outcome(pd.DataFrame(run.curve), bar),
    )


def save(run: Run, gradients: pd.DataFrame, scores: Scores, folder: Path) -> None:
    """Write the learning curve with the mean gradient norm of each epoch, the first epochs' gradients, and the scores."""
    means = gradients.groupby("epoch")["gradient_norm"].mean()
    curve = pd.DataFrame(run.curve).merge(means, how="left", on="epoch")
    with files.replacing(folder) as temporary:
        temporary.mkdir()
        files.write_csv(temporary / LEARNING_CURVE, curve)
        files.write_csv(temporary / GRADIENTS, gradients[gradients["epoch"] <= FIRST_EPOCHS].head(FIRST_UPDATES))
        files.write_json(temporary / SCORES, scores)


def load_all(experiment: Experiment, asked: Ablations, place: AblationPaths) -> list[Tried]:
    """Every variant with every seed. Raises InputError if one is not there, or damaged."""
    return [
        load(place.run(variant, seed), variant, varied(experiment, asked, variant), seed)
        for variant in asked.variants
        for seed in asked.seeds
    ]


def load(folder: Path, variant: str, experiment: Experiment, seed: int) -> Tried:
    """What was measured of a variant and a seed, from its folder. Raises InputError if it is not there, or damaged."""
    if not folder.exists():
        raise InputError(f"{folder}: not there; run `make ablations`")
    with files.reading(folder / SCORES, f"ablations.train {variant} {seed}"):
        curve, gradients = pd.read_csv(folder / LEARNING_CURVE), pd.read_csv(folder / GRADIENTS)
        return Tried(variant, experiment, seed, curve, gradients, files.read(folder / SCORES, Scores))


def saturation(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean norm of G's gradient in the first epoch under either objective, for each game played with both, and each seed.

    A table may lack the generator of its variants.
    """
    keys = [key for key in ("game", "discriminator_steps", NOISE, LAYERS, "seed") if key in rows]
    wide = rows.pivot_table(index=keys, columns="generator_objective", values="gradient_norm_first", sort=False)
    return (
        wide.reindex(columns=["minimax", "non_saturating"])
        .dropna()
        .rename_axis(columns=None)
        .reset_index()
        .drop(columns=[NOISE, LAYERS], errors="ignore")
    )


def other(rows: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """The variants that differ from the published one in these columns of the table, and in nothing else."""
    choices = rows.drop_duplicates("variant").set_index("variant").reindex(columns=[*GAME, NOISE, LAYERS, *RATES], fill_value="")
    if PUBLISHED not in choices.index:
        return []
    differs = choices != choices.loc[PUBLISHED]
    return choices.index[differs[[*columns]].any(axis=1) & ~differs.drop(columns=[*columns]).any(axis=1)].tolist()
