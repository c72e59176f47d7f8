"""How far a generator's log-likelihood can be trusted: its interval, σ refined, other draws, other numbers of samples,
the run's other generators."""

from adversarial_nets.baselines.models import other_streams, sample_stream
from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import reliability
from adversarial_nets.likelihood.protocol import load_log_likelihoods, load_samples
from adversarial_nets.running.stage import Task, main


def measure(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    stream = sample_stream(task.paths, task.experiment, data.training_images, device)
    others = other_streams(task.paths, task.experiment, device)
    drawn = reliability.Drawn(load_samples(task.paths.samples), stream.drawn, others, device)
    folds = load_log_likelihoods(task.paths.log_likelihoods)
    files.write_json(task.paths.reliability, reliability.measure(drawn, folds, data, task.experiment))


if __name__ == "__main__":
    main(measure, __doc__)
