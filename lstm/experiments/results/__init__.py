"""What the tasks reach, beside PyTorch and baselines: experiments, runs, and a page.

experiments   which task, with which settings: a table
twin          the same run by PyTorch: same start, same batches, same steps
running       every run in a process of its own; results as JSON
timing        the time of an update, ours and PyTorch's, alone on the machine
page          the results as Markdown
"""
