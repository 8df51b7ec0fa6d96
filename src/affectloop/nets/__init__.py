"""Torch modules and their export. Needs the extra ``learning``; services run the exported ONNX instead."""
