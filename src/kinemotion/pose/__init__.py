"""Bytes to landmarks: the JPEG gate and decoder, the pinned models, the pose graph."""
