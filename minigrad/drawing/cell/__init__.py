"""Pictures of a cell: its state path, its boxes, and the wires between them."""
