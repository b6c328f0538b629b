"""Posterior modes by Newton, at one value of the learned scales and on a lattice over them."""
