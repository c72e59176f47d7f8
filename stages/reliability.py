"""How far a generator's log-likelihood can be trusted: its interval, σ refined, other draws, other numbers of samples,
the run's other generators."""

from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import reliability
from adversarial_nets.gan.networks import load_generator
from adversarial_nets.likelihood.protocol import load_log_likelihoods, load_samples
from adversarial_nets.running.stage import Task, main


def measure(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    generator, description = load_generator(task.paths.generator, device)
    drawn = reliability.Drawn(generator, description, task.seed, load_samples(task.paths.samples))
    others = {name: load_generator(path, device)[0] for name, path in task.paths.other_generators.items()}
    folds = load_log_likelihoods(task.paths.log_likelihoods)
    files.write_json(task.paths.reliability, reliability.measure(drawn, folds, others, data, task.experiment))


if __name__ == "__main__":
    main(measure, __doc__)
