"""What a reader sees of HTML, Markdown, Word, PowerPoint, EPUB and PDF files."""
