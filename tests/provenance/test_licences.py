"""Which licences a claim may name."""

import pytest

from provenance import licences
from provenance.marking.licences import parse

MEANT = [
    ("cc-by-4.0", "CC-BY-4.0"),
    ("CC BY-SA 3.0", "CC-BY-SA-3.0"),
    ("CC-BY-3.0-AT", "CC-BY-3.0-AT"),
    ("cc0", "CC0-1.0"),
    ("mit", "MIT"),
    ("All Rights Reserved", "all-rights-reserved"),
    ("版权所有", "all-rights-reserved"),
    ("reprint with credit", "reprint-with-credit"),
    ("https://creativecommons.org/licenses/by-nc-sa/4.0/deed.zh-hans", "CC-BY-NC-SA-4.0"),
    ("http://www.creativecommons.org/licenses/by-nd-nc/1.0/", "CC-BY-NC-ND-1.0"),
    ("//creativecommons.org/publicdomain/mark/1.0/", "CC-PDM-1.0"),
    ("other: ask my agent", "other:ask my agent"),
]
WRONG = [
    ("foo", "it can be an SPDX identifier"),
    ("CC-BY-9.9", "did you mean CC-BY-4.0"),
    ("CC-BY", "did you mean CC-BY-4.0"),
    ("all-right-reserved", "did you mean all-rights-reserved"),
    ("MIT OR Apache-2.0", "is no licence known here"),
    ("https://creativecommons.org/licenses/by/9.9/", "no address of a licence"),
    ("https://licence.example/by/4.0/", "write other:"),
    ("other: ", "needs words"),
]


@pytest.mark.parametrize(("given", "form"), [pytest.param(a, b, id=b + str(n)) for n, (a, b) in enumerate(MEANT)])
def test_each_licence_has_one_form(given: str, form: str) -> None:
    assert licences.canonical(given) == form
    assert licences.canonical(form) == form


@pytest.mark.parametrize(("given", "said"), [pytest.param(a, b, id=str(n)) for n, (a, b) in enumerate(WRONG)])
def test_what_is_no_licence_is_refused_with_the_nearest(given: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        licences.canonical(given)


def test_an_owners_own_words_are_no_creative_commons_licence() -> None:
    assert parse("other:not under CC BY 4.0").family == "reprint"
    assert parse("other:all rights reserved").family == "reserved"


@pytest.mark.parametrize("name", ["CC-PDM-1.0", "CC0-1.0", "public-domain"])
def test_the_public_domain_withholds_nothing(name: str) -> None:
    assert not parse(licences.canonical(name)).conditions
