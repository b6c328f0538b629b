"""All kernels at once without MCMC: evidence by importance sampling, drawn edge by edge."""
