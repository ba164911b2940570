"""The scenario language: frozen typed objects, quantities with units, reading with line marks, defaults, variants."""
