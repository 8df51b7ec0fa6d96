"""What a media file's container says of itself: its tracks, whether it is whole. Nothing is decoded."""
