"""What a sound file may be, without loading what reads it."""

LARGEST = 25 * 1024 * 1024
