"""What built-in PCs cost, beside VPCS."""
