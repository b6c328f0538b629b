"""Parts of a summary, to be looked at one by one."""


def section(text, name):
    """Return one section of a summary."""
    return next(part for part in text.split("\n\n") if part.startswith(name))


def evidence(text):
    """Return the evidence, which holds empty lines."""
    return text[text.index("\nEvidence") : text.index("\nSize")]


def flat(text):
    return " ".join(text.split())
