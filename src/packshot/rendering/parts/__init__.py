"""What sets are built from: shapes, surfaces, lights and props, shared by all files in `rendering/sets/`."""
