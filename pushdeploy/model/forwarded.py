"""Headers by which a proxy speaks of the visitor: what nginx tells an app, and what it keeps back.

An app that trusts its proxy, as Flask's and Django's recipes have it, believes every one of them.
"""

from __future__ import annotations

TOLD = (
    ("Host", "$host"),
    ("X-Real-IP", "$remote_addr"),
    ("X-Forwarded-For", "$remote_addr"),
    ("X-Forwarded-Proto", "$scheme"),
    ("X-Forwarded-Port", "$server_port"),
)
"""What nginx says itself, with its own value: overwritten, never appended."""

FROM_A_PROXY = (
    "CF-Connecting-IP",
    "CF-Connecting-IPv6",
    "CF-IPCountry",
    "CF-Visitor",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "Remote-Email",
    "Remote-Groups",
    "Remote-Name",
    "Remote-User",
    "True-Client-IP",
    "X-Auth-Request-Email",
    "X-Auth-Request-Groups",
    "X-Auth-Request-User",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-User",
    "X-Remote-User",
)
"""What passes from a proxy that the server's owner has named (`set_real_ip_from`), else not."""

CLEARED = (
    "Forwarded",
    "Front-End-Https",
    "Path-Info",
    "Proxy",
    "Script-Name",
    "X-Accel-Mapping",
    "X-Accel-Redirect",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "X-Forwarded",
    "X-Forwarded-By",
    "X-Forwarded-Client-Cert",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
    "X-Forwarded-Path",
    "X-Forwarded-Prefix",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Server",
    "X-Forwarded-Ssl",
    "X-Forwarded-Tls-Client-Cert",
    "X-Forwarded-Uri",
    "X-Forwarded-Url",
    "X-Host",
    "X-HTTP-Host-Override",
    "X-Original-Forwarded-For",
    "X-Original-Host",
    "X-Original-Method",
    "X-Original-Remote-Addr",
    "X-Original-URI",
    "X-Original-URL",
    "X-Originating-IP",
    "X-Remote-Addr",
    "X-Remote-IP",
    "X-ProxyUser-Ip",
    "X-Rewrite-URL",
    "X-Scheme",
    "X-Script-Name",
    "X-Sendfile-Type",
    "X-Url-Scheme",
)
"""What passes from nobody: nginx is the last proxy, and where it has an answer, it is in `TOLD`."""


def with_underscores(name: str) -> str:
    """The same header to CGI and WSGI, which can't tell the two apart (CVE-2015-0219)."""
    return name.replace("-", "_")
