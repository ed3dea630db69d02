"""Lists of millions of files: scanned or registered in chunks, by this machine's processes or by Spark."""
