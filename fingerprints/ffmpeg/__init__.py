"""Sound and film through the program ffmpeg: what a container holds, its sound as samples, its pictures as arrays."""
