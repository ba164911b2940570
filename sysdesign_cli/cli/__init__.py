"""The commands, one module each: read arguments, ask one question, hand the result to a view."""
