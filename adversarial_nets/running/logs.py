"""What a finished run notes in ``logs/``, in neither git nor DVC, because it differs each time."""

from dataclasses import dataclass

from adversarial_nets.core import files
from adversarial_nets.running.paths import LOGS, RunPaths


@dataclass(frozen=True)
class TrainingLog:
    """How long a run took, which generator came of it, and the key of its run (``gan.run.Setup.key``)."""

    seconds: float
    generator_sha256: str
    run: str | None = None


def write(run: RunPaths, seconds: float, key: str) -> None:
    """The log of a run whose model has just been written."""
    files.write_json(run.log, TrainingLog(round(seconds, 3), files.digest(run.generator, "sha256"), key))


def finished_elsewhere(task: RunPaths, key: str) -> tuple[RunPaths, TrainingLog] | None:
    """Another experiment's finished run of the same key, if its model is still there; they differ in what is kept."""
    for name in sorted({path.parent.name for path in LOGS.glob(f"*/{task.seed}.json")} - {task.name}):
        run = RunPaths(name, task.seed)
        try:
            log = files.read(run.log, TrainingLog)
        except ValueError:  # damaged: no reason not to train
            continue
        if log.run == key and run.generator.exists() and files.digest(run.generator, "sha256") == log.generator_sha256:
            return run, log
    return None
