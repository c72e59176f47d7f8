"""How far a generator's log-likelihood can be trusted: its interval, σ refined, other draws, other numbers of samples,
the run's other generators; of Markov chains, how they mix."""

from adversarial_nets.baselines.chains import ChainStream
from adversarial_nets.baselines.models import other_streams, sample_stream
from adversarial_nets.core import devices, files
from adversarial_nets.data import prepared
from adversarial_nets.diagnostics import reliability
from adversarial_nets.diagnostics.sanity import binary_draws
from adversarial_nets.likelihood.protocol import load_log_likelihoods
from adversarial_nets.running.stage import Task, main


def measure(task: Task) -> None:
    data, device = prepared.load(task.paths.prepared), devices.resolve(task.project.device)
    stream = sample_stream(task.paths, task.experiment, data.training_images, device)
    samples, others, started = files.read_samples(task.paths.samples), other_streams(task.paths, task.experiment, device), None
    if isinstance(stream, ChainStream):
        others, started = {"binary draws": [binary_draws(samples)]}, stream.started
    drawn = reliability.Drawn(samples, stream.drawn, others, device, started)
    folds = load_log_likelihoods(task.paths.log_likelihoods)
    files.write_json(task.paths.reliability, reliability.measure(drawn, folds, data, task.experiment))


if __name__ == "__main__":
    main(measure, __doc__)
