"""The catalogue of training items: which faces and expressions exist, their licences and norms. Code and data, no files."""
