"""What is done with the LSTM: tasks, training, results, and the commands that run them.

    tasks      what is learned, and simpler means to compare with
    training   the loop, its checkpoints and its log
    results    every task, several seeds, beside PyTorch
    commands   `python -m lstm train`, `generate`, `results`; without a word, the demo

The layers themselves know nothing of this.
"""
