# %% [markdown] A tour of kernel-bridge
# # A tour of kernel-bridge
#
# Open this file in your editor and run its cells one by one: output appears as the
# kernel sends it. `make demo` runs the tour without an editor and writes `tour.ipynb`.

# %% Text, as it is printed
import time

for word in "every word arrives as it is printed".split():
    print(word, end=" ", flush=True)
    time.sleep(0.1)
print()

# %% A value: the last expression of the cell
primes = [n for n in range(2, 60) if all(n % d for d in range(2, n))]
primes

# %% A progress bar that stays on its line
from tqdm import tqdm

for _ in tqdm(range(50), desc="brewing tea", ncols=72):
    time.sleep(0.02)

# %% A table
import pandas as pd

planets = pd.DataFrame(
    {"radius_km": [6052, 6371, 3390, 69911], "day_h": [5832.5, 23.9, 24.6, 9.9]},
    index=["Venus", "Earth", "Mars", "Jupiter"],
)
planets["earths"] = (planets.radius_km / planets.radius_km["Earth"]).round(2)
planets

# %% A plot
import matplotlib.pyplot as plt

plt.figure(figsize=(6, 2.4))
plt.barh(planets.index, planets.earths, color="#e8804d")
plt.title("Radius, in Earths")
plt.show()


# %% An error and its line
def mean(values):
    return sum(values) / len(values)


mean([])

# %% A question for you
name = input("What is your name? ")
print(f"Nice to meet you, {name}.")

# %% A display that is updated
from IPython.display import display

sky = display("the sky is dark", display_id=True)
for hour in ("dawn", "morning", "noon"):
    time.sleep(0.3)
    sky.update(f"it is {hour}")
