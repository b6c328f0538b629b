"""The same posteriors by NUTS on the PyMC model, as a DataTree for ArviZ."""
