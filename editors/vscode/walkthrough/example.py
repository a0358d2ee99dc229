# %% Run a cell: click "Run Cell" above, or press Shift+Enter
import time

from IPython.display import SVG

squares = [n * n for n in range(12)]
sum(squares)

# %% A cell sees the variables of those that ran before it
bars = "".join(
    f'<rect x="{20 * n}" y="{130 - value}" width="16" height="{value}" fill="#3b82c4"/>'
    for n, value in enumerate(squares)
)
SVG(f'<svg xmlns="http://www.w3.org/2000/svg" width="240" height="130">{bars}</svg>')

# %% Printed text appears while the code runs
for n in range(5):
    print("step", n)
    time.sleep(0.5)

# %% input() asks in a box
name = input("Your name? ")
print("Hello,", name)

# %% An error is marked on its line
squares[12]
