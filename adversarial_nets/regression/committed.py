"""Are the results in the working tree those of the last commit, byte for byte?"""

import argparse

from adversarial_nets.core.errors import InputError, exit_status, one_line
from adversarial_nets.regression.revisions import git
from adversarial_nets.running import paths

SHOWN = 8  # files that are named


def verdict() -> str:
    """One line. Raises InputError if git cannot tell."""
    done = git("status", "--porcelain", "--", str(paths.REPORTS), str(paths.LOCK))
    if done.returncode:
        raise InputError(f"git cannot compare with the last commit: {one_line(done.stderr.decode(errors='replace'))}")
    differing = [line[3:] for line in done.stdout.decode().splitlines()]
    if not differing:
        return "identical to the committed results"
    more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
    return f"not identical to the committed results: {', '.join(differing[:SHOWN])}{more}"


def main() -> None:
    """Print the verdict; there are no arguments."""
    parser = argparse.ArgumentParser(prog="python -m adversarial_nets.regression.committed", description=__doc__)
    with exit_status():
        parser.parse_args()
        print(verdict())


if __name__ == "__main__":
    main()
