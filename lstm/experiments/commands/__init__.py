"""The commands of `python -m lstm`, one module each."""
