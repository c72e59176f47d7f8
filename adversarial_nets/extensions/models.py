"""The conditional models of section 7 by their names in the parameter file."""

from adversarial_nets.core import devices
from adversarial_nets.core.errors import InputError
from adversarial_nets.data.prepared import VALIDATION, PreparedData
from adversarial_nets.extensions import completion, conditional
from adversarial_nets.extensions.games import Model
from adversarial_nets.gan.run import Setup
from adversarial_nets.parameters.conditional import COMPLETION
from adversarial_nets.parameters.extensions import Extensions
from adversarial_nets.parameters.section import Section
from adversarial_nets.running.stage import Task


def named(asked: Extensions, name: str, task: Task, data: PreparedData) -> Model:
    """A conditional variant, or the model that completes images. Raises InputError if nothing has that name."""
    if name != COMPLETION and name not in asked.conditional.variants:
        raise InputError(f"name: none is called '{name}'; there are {', '.join([*asked.conditional.variants, COMPLETION])}")
    if task.experiment.model != "adversarial":
        raise InputError(f"extensions/params.yaml:experiment: '{task.name}' has no adversarial nets; choose one that has")
    section = asked.completion if name == COMPLETION else asked.conditional
    changes = {key: getattr(section, key) for key in ("epochs", "learning_rate") if hasattr(section, key)}
    training = task.experiment.training.model_copy(update=changes)
    experiment, device = task.experiment.model_copy(update={"training": training}), devices.resolve(task.project.device)
    setup = Setup(experiment, data.training_images, data.fold_images(0, VALIDATION), task.seed, device)
    if name == COMPLETION:
        return completion.model(setup, asked.completion)
    return conditional.model(setup, conditional.Classes(data), asked.conditional.variants[name])


def recipe(asked: Extensions, name: str, model: Model) -> dict[str, Section]:
    """The parameters that made a model, by section."""
    variant = {} if name == COMPLETION else {"variant": asked.conditional.variants[name]}
    return variant | {"training": model.setup.experiment.training}
