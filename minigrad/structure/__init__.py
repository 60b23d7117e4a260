"""What is known of a tape's structure: time steps, loops, sub-layers, provenance."""
