"""Backends that render sets. Each file maps a `Scenery` to one engine and back."""
