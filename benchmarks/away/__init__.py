"""What a compute that does not answer costs everybody else."""
