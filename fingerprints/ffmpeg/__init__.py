"""Sound and film through the program ffmpeg: what a container holds, and its sound as samples."""
