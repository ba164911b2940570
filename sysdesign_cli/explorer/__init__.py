"""The explorer: a full-screen terminal application to turn a system's knobs and watch what follows. Needs the extra ``explore``."""
