"""Pictures as text or image files: one module a format, and one that knows where boxes stand."""
