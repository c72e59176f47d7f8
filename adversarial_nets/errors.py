"""The two ways in which a script ends other than well; ``stages/common.py`` turns them into exit statuses."""


class InputError(ValueError):
    """The user's input is wrong (exit status 2). The message is one line: what is wrong, where, and what to do."""


class CheckFailed(Exception):
    """The input is fine but the outcome is not, such as a diverged training (exit status 1)."""
