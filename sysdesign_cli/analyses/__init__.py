"""The questions, one module each: a question goes in, one frozen result comes out."""
