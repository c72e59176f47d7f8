"""Algorithm 1's choices, tried out: how large the generator's gradient is while it trains, and tables of what came of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from adversarial_nets.core import files
from adversarial_nets.parameters.training import GameParameters

FIRST_EPOCHS = 5  # whose gradients are kept update by update
LAST_EPOCHS = 10  # that the ends of the curves are means over
MEANS = ("gradient_norm", "d_real", "d_fake")


class GradientNorms:
    """Euclidean norms of a player's whole gradient, one for each step of its optimiser from now on.

    A hook on the optimiser: other trainings do not have it, and it changes nothing in this one.
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
        """All norms and ends so far, for a training that stops here; on the CPU, where they come back."""
        return {"norms": torch.tensor([float(norm) for norm in self._norms]), "ends": self._ends}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the norms and ends of a training that stopped."""
        self._norms, self._ends = list(state["norms"]), list(state["ends"])

    def table(self) -> pd.DataFrame:
        """A row for each update in an epoch that has ended: epoch, update (both from 1), gradient_norm."""
        norms = [float(norm) for norm in self._norms[: self._ends[-1]]]
        rows = pd.DataFrame({"update": range(1, len(norms) + 1), "gradient_norm": norms})
        rows.insert(0, "epoch", 1 + pd.Series(self._ends).searchsorted(rows["update"]))
        return rows


@dataclass(frozen=True)
class Tried:
    """One variant with one seed: its game, learning curve, the first epochs' gradients, and scores."""

    variant: str
    game: GameParameters
    seed: int
    curve: pd.DataFrame
    gradients: pd.DataFrame
    scores: dict[str, Any]

    @property
    def row(self) -> dict[str, Any]:
        """What is compared: log-likelihood in nats; gradient norms and mean outputs of D over epochs."""
        first, last = self.curve.iloc[0], self.curve.iloc[-LAST_EPOCHS:].mean()
        return {
            "variant": self.variant,
            **self.game.model_dump(),
            "seed": self.seed,
            "discriminator_updates": self.scores["discriminator_updates"],
            "generator_updates": self.scores["generator_updates"],
            "log_likelihood": self.scores["log_likelihood"],
            "kept_epoch": self.scores["kept_epoch"],
            **{f"{name}_first": first[name] for name in MEANS},
            **{f"{name}_last": last[name] for name in MEANS},
        }


def load(folder: Path, variant: str, game: GameParameters, seed: int) -> Tried:
    """What was measured of a variant and a seed, from its folder."""
    curve, gradients = pd.read_csv(folder / "learning_curve.csv"), pd.read_csv(folder / "gradients.csv")
    return Tried(variant, game, seed, curve, gradients, files.read_json(folder / "scores.json"))


def comparison(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each variant, every cell a text: means over seeds, ± their sample standard deviation where there are several."""
    return pd.DataFrame([_compared(variant, seeds) for variant, seeds in rows.groupby("variant", sort=False)])


def _compared(variant: str, seeds: pd.DataFrame) -> dict[str, str]:
    one = seeds.iloc[0]
    return {
        "variant": variant,
        "game": one["game"],
        "k": f"{one['discriminator_steps']}",
        "G's objective": one["generator_objective"].replace("_", "-"),
        "updates of D": f"{one['discriminator_updates']:,}",
        "of G": f"{one['generator_updates']:,}",
        "log-likelihood (nats)": _mean(seeds["log_likelihood"], 1),
        "G's gradient, epoch 1": _mean(seeds["gradient_norm_first"], 2),
        "last epochs": _mean(seeds["gradient_norm_last"], 2),
        "D(x), epoch 1": _mean(seeds["d_real_first"], 2),
        "D(G(z)), epoch 1": _mean(seeds["d_fake_first"], 2),
        "D(x), last epochs": _mean(seeds["d_real_last"], 2),
        "D(G(z)), last epochs": _mean(seeds["d_fake_last"], 2),
    }


def _mean(values: pd.Series, digits: int) -> str:
    spread = f" ± {values.std():.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{spread}".replace("-", "−")


def saturation(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean norm of G's gradient in the first epoch under either objective, for each game played with both, and each seed."""
    keys = ["game", "discriminator_steps", "seed"]
    wide = rows.pivot_table(index=keys, columns="generator_objective", values="gradient_norm_first", sort=False)
    return wide.reindex(columns=["minimax", "non_saturating"]).dropna().rename_axis(columns=None).reset_index()


def findings(rows: pd.DataFrame) -> list[str]:
    """What the page says of the table: the comparison, and where minimax was tried out, the saturation; Markdown."""
    pairs = saturation(rows)
    told = pairs.rename(columns=lambda name: name.replace("_", " ")).to_markdown(index=False, floatfmt=".2f")
    return [comparison(rows).to_markdown(index=False, disable_numparse=True), *([verdict(pairs), told] if len(pairs) else [])]


def verdict(pairs: pd.DataFrame) -> str:
    """In one sentence, whether minimax had the smaller gradient."""
    smaller = int((pairs["minimax"] < pairs["non_saturating"]).sum())
    amount = "all" if smaller == len(pairs) else "none" if not smaller else f"only {smaller}"
    return f"Under minimax G's mean gradient in the first epoch was the smaller one in {amount} of {len(pairs)} pairs."
