"""Errors that a user can cause and mend."""


class UserError(Exception):
    """A mistake in the input, told in one clear line; commands exit with status 2.

    Raise it with a message that names what is wrong and what to do about it. The command line
    prints the message without a traceback.
    """
