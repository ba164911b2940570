"""The machinery: a system as graphs, its traffic, its stations, and what failure does to it. Knows numbers only."""
