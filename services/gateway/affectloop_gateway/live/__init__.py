"""The live view: what arrives on the bus, thinned and written out, to whoever may watch."""
