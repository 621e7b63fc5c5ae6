"""Pieces of a page that are rendered once and filled in for every row."""

from __future__ import annotations

from markupsafe import Markup

from crm.web.filters import fill


def test_values_are_escaped_and_the_piece_is_not() -> None:
    piece = Markup('<a href="/customers/@id@" title="@name@">@name@</a>')
    filled = fill(piece, id=7, name='<b> & "Co"')
    assert filled == '<a href="/customers/7" title="&lt;b&gt; &amp; &#34;Co&#34;">&lt;b&gt; &amp; &#34;Co&#34;</a>'


def test_markup_stays_markup_and_a_value_is_never_read_as_a_place() -> None:
    assert fill(Markup("@name@ @done@"), name="@done@", done=Markup("<i>x</i>")) == "@done@ <i>x</i>"
