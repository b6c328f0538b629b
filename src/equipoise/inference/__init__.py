"""Inference: evidence, posteriors and verdicts from transition counts.

The way of a test, file by file: :mod:`.problem` puts counts, likelihood and priors together;
:mod:`.mcmc` or :mod:`.fast` solves it and hands over :mod:`.findings`; :mod:`.verdict` decides;
:mod:`.balance` holds the outcome, with :mod:`.potential` (one-sided :mod:`.bounds`, counted from
:mod:`.reference` states), :mod:`.cycles` and :mod:`.sensitivity`. :mod:`.diagnosis` adds what
stands beside a verdict, :mod:`.archive` saves and loads.

What they work with: :mod:`.modes`, :mod:`.evidence` (one method, one file), :mod:`.posterior`,
:mod:`.hamilton` (the chains in NumPy) and :mod:`.weighted` draws.

Further questions, a folder each: :mod:`.violation`, :mod:`.comparison`, :mod:`.features`,
:mod:`.planning`, :mod:`.sampling_checks`, :mod:`.baselines`, :mod:`.calibration`, and
:mod:`.sparse` for tables too large for dense matrices.
"""
