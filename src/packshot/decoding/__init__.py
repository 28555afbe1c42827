"""From the bytes of a file to levels: one module for each kind of file that Pillow alone does not read right."""
