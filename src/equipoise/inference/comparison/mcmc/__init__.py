"""All kernels at once by Hamiltonian chains in NumPy, their evidence along paths."""
