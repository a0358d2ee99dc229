# %% [markdown]
# # Planets

# %%
radius_km = {"Venus": 6052, "Earth": 6371, "Mars": 3390}
print("read", len(radius_km), "planets")

# %%
max(radius_km, key=radius_km.get)

# %%
sum(radius_km.values()) / len(radius_km)
