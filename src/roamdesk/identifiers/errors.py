"""The one error of this room."""


class IdentifierError(ValueError):
    """A text that is not the identifier it should be; the message names the mend."""
