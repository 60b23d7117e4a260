# %% [markdown]
"""
# Sunspots, one year ahead

The sun has spots, more and fewer in a rhythm of about eleven years. From the twelve
years before, how many will there be next year? An LSTM reads the twelve numbers one
after the other, and a dense layer reads its last output. It is trained on the years to
1920 and tested on later ones, beside two simpler forecasts.
"""

# %%
from lstm.experiments.tasks.sunspots import Autoregression, Sunspots, arv, persistence
from lstm.experiments.training import Training

task = Sunspots()
test = task.windows.of_years(1921, 1955)
print(
    f"{len(task.training.years)} years to learn from, {len(test.years)} to be tested on"
)

# %% [markdown]
"""
Train: compute the loss, read its gradient from the tape, take a step of Adam; again.
"""

# %%
run = Training(task, seed=0).run()
print(run.recipe)
print(f"loss {run.history[0]['loss']:.4f} -> {run.history[-1]['loss']:.4f}")

# %% [markdown]
"""
Compare. The error is divided by the variance of the series: 0 is perfect, and about 1
is what one gets for always saying the mean. One start of one small network on 35 years
is an illustration, not a ranking; `make demo` shows five starts and two more periods.
"""

# %%
forecasts = {
    "as last year": persistence(test),
    "AR(12), least squares": Autoregression(task.training).forecast(test),
    "LSTM, m = 8": run.model.forecast(test),
}
for name, forecast in forecasts.items():
    print(f"{name:22} {arv(forecast, test.target):.3f}")
