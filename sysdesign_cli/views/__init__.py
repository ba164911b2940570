"""From results to text: one module turns each result into a document, one module for each format turns that into text."""
