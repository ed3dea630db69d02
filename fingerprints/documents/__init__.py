"""What a reader sees of HTML, Markdown, Word, EPUB and PDF files."""
