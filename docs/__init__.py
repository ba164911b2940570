"""The documentation, and the scripts that keep it true: ``python3 dev.py docs``."""
