"""Pictures of neurons as dots, and of weights as lines between them."""
