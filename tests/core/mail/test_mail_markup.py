"""HTML messages as text: what is shown stays, with its quotes marked."""

from __future__ import annotations

import time

import pytest

from regard.mail.markup import text_of_html
from regard.mail.quotes import split_quotes

REPLIES = {
    "gmail": """<div dir="ltr">9 &ndash; todo bien</div><br><div class="gmail_quote">
<div dir="ltr" class="gmail_attr">El lun, 5 ene 2026 a las 10:03, Tienda
 (&lt;<a href="mailto:hola@shop.example">hola@shop.example</a>&gt;) escribi&oacute;:<br></div>
<blockquote class="gmail_quote" ><p>¿Del 0 al 10?</p><p>7</p></blockquote></div>""",
    "outlook-web": """<html><head><style>p {color: red}</style></head><body>
<div>9 – todo bien</div><div id="appendonsend"></div><hr>
<div id="divRplyFwdMsg"><b>De:</b> Tienda<br><b>Enviado:</b> lunes<br></div>
<div>¿Del 0 al 10? 7</div></body></html>""",
    "outlook-desktop": """<div class=WordSection1><p class=MsoNormal>9 – todo bien<o:p></o:p></p>
<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>De:</b> Tienda
&lt;hola@shop.example&gt;<br><b>Enviado el:</b> lunes, 5 de enero de 2026<br><b>Para:</b> Ana<br>
<b>Asunto:</b> Encuesta</p></div><p class=MsoNormal>¿Del 0 al 10? 7</p></div>""",
    "apple": """<html><body>9 – todo bien<br><div dir="ltr">Enviado desde mi iPhone</div>
<div dir="ltr"><br><blockquote type="cite">El 5 ene 2026, a las 10:03, Tienda
 &lt;hola@shop.example&gt; escribió:<br><br></blockquote></div>
<blockquote type="cite"><div>¿Del 0 al 10? 7</div></blockquote></body></html>""",
    "thunderbird": """<div class="moz-cite-prefix">El 05/01/2026 a las 10:03, Tienda escribió:<br>
</div><blockquote type="cite" cite="mid:a@b"><p>¿Del 0 al 10? 7</p></blockquote>
<p>9 – todo bien</p><div class="moz-signature">-- <br>Ana</div>""",
    "gmail-signature": """<div>9 – todo bien<div><br></div>-- <br><div class="gmail_signature">
Ana<div>Tel. 600</div></div></div>""",
    "yahoo": """<div>9 – todo bien</div><div class="ydp1 yahoo_quoted"><div>El lunes, 5 de enero de
 2026, 10:03, Tienda &lt;hola@shop.example&gt; escribió:</div><div>¿Del 0 al 10? 7</div></div>""",
}


@pytest.mark.parametrize("name", REPLIES)
def test_html_reply_keeps_only_what_was_written(name: str) -> None:
    """Quotes and signatures are found where each program marks them in HTML."""
    assert "9 – todo bien" == split_quotes(text_of_html(REPLIES[name])).text


TEXTS = [
    ("<p>uno</p><p>dos</p>", "uno\n\ndos"),
    ("uno<br>dos<br/>tres", "uno\ndos\ntres"),
    ("a &lt; b &amp; c &#233; &nope;", "a < b & c é &nope;"),
    ("<script>alert('<b>9</b>')</script>8", "8"),
    ("<style>p:before {content: '9'}</style>8", "8"),
    ("<!-- 9 -->8<!-- open", "8"),
    ("<img alt='a > b' src=x>8", "8"),
    ("3 < 5 y 9 > 7", "3 < 5 y 9 > 7"),
    ("<table><tr><td>Nota</td><td>9</td></tr></table>", "Nota 9"),
    ("<head><title>Re: 7</title></head><body>9</body>", "9"),
    ("<head><title>7<body>9", "9"),
    ("</blockquote></div>9", "9"),
    ("<blockquote>5<blockquote>4</blockquote>3</blockquote>9", "> 5\n\n> > 4\n\n> 3\n\n9"),
    ("<b>9", "9"),
    ("<", "<"),
    ("", ""),
    ("\x1b[31m9\x00", "[31m9"),
]


@pytest.mark.parametrize(("markup", "text"), TEXTS)
def test_markup_becomes_text(markup: str, text: str) -> None:
    """What a reader sees comes out, whole or broken, and nothing of what is hidden."""
    assert text == text_of_html(markup)


HOSTILE = [
    "<div>" * 200_000,
    "</div>" * 150_000,
    "<blockquote>" * 80_000 + "9",
    "<!--" * 200_000,
    '<a ="' * 150_000,
    '<a =">' * 150_000,
    "<head>" * 150_000,
    "<" * 1_000_000,
    "&" * 1_000_000,
    "<p class='" + "a" * 900_000 + "'>",
    "<p " + "class=a " * 100_000 + ">9",
]


@pytest.mark.parametrize("markup", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_markup_takes_no_long_time(markup: str) -> None:
    """A megabyte of markup made to hurt is read within seconds."""
    began = time.monotonic()
    text_of_html(markup)

    assert 5.0 > time.monotonic() - began
