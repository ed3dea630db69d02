"""The certificate: a page for people, made from a receipt that was checked. The proof is the receipt, not the page."""

from .content import Certificate, WorkPicture, certify
from .html import to_html
from .pdf import to_pdf

__all__ = ["Certificate", "WorkPicture", "certify", "to_html", "to_pdf"]
