"""Section 12 of the design: what every method must give on the bundled tables."""

from dataclasses import dataclass

TAUS = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Reference:
    """Section 12 of the design: log BF at τ = ½, 1, 2, its own error, and what we may differ by."""

    values: tuple[float, float, float]
    error: float
    tolerance: float


REFERENCES = {
    ("claude-4", "fixed"): Reference((-0.45, -1.48, -2.71), 0.02, 0.08),
    ("gemini-2.5-flash", "fixed"): Reference((0.03, 0.19, 0.57), 0.04, 0.08),
    ("alofi-rain", "fixed"): Reference((0.08, 0.37, 0.75), 0.02, 0.08),
    ("smollm2-weekday", "fixed"): Reference((-397.8, -399.2, -399.2), 0.1, 0.4),
    ("claude-4", "learned"): Reference((-0.05, -0.3, -1.2), 0.1, 0.2),
    ("gemini-2.5-flash", "learned"): Reference((0.0, 0.1, 0.4), 0.1, 0.2),
    ("alofi-rain", "learned"): Reference((0.05, 0.34, 0.72), 0.05, 0.2),
    ("smollm2-weekday", "learned"): Reference((-397.6, -399.0, -399.0), 0.7, 1.5),
}
