"""An explanation as an ``xarray.Dataset``: named dimensions, units, gauge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

    from equipoise.inference.features.explain import Explanation

_BOUNDS = ("mean", "sd", "lower", "upper")


def dataset_of(found: "Explanation") -> "xr.Dataset":
    """Return potentials, predictions, coefficients and scores; see ``Explanation.to_dataset``."""
    import xarray as xr

    variables: dict[str, Any] = {
        "Phi": (("state", "bound"), _table(found.potential)),
        "explained": (
            ("state", "interval"),
            np.array(
                [[s.explained, s.explained_lower, s.explained_upper] for s in found.potential]
            ),
        ),
        "component": ("state", np.array([s.component for s in found.potential])),
    }
    coords: dict[str, Any] = {
        "state": [s.state for s in found.potential],
        "bound": list(_BOUNDS),
        "interval": ["mean", "lower", "upper"],
    }
    if found.coefficients:
        variables["beta"] = (("feature", "bound"), _table(found.coefficients))
        variables["unit"] = ("feature", np.array([c.unit for c in found.coefficients]))
        coords["feature"] = [c.name for c in found.coefficients]
    if found.predictions:
        variables["prediction"] = (("new_state", "bound"), _table(found.predictions))
        coords["new_state"] = [p.state for p in found.predictions]
    for name in ("share", "prior_share", "residual_scale", "signal_scale", "lengthscale"):
        one = getattr(found, name)
        if one is not None:
            variables[name] = ("bound", _table([one])[0])
    if found.scores is not None:
        variables["elpd_features"] = ("state", found.scores.features.elpd)
        variables["elpd_none"] = ("state", found.scores.none.elpd)
    return xr.Dataset(
        variables,
        coords=coords,
        attrs={
            "verdict": found.verdict.text,
            "log_bayes_factor": found.verdict.log_bayes_factor,
            "mcse": found.verdict.mcse,
            "trusted": int(found.converged),
            "units": "nats; beta per standard deviation of a feature; shares are fractions",
            "gauge": "Phi is 0 at the reference state of each component; predictions are relative "
            f"to {found.reference}",
        },
    )


def _table(rows: Sequence[Any]) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.array([[getattr(row, name) for name in _BOUNDS] for row in rows])
