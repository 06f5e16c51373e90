"""The book of rules, TLS: what a server that has the extension tells of a secure connection. A table."""

from __future__ import annotations

from asgiviz.model.finding import Severity
from asgiviz.protocol.rules.rule import Basis, Party, Rule
from asgiviz.protocol.terms_places import TLS_SCOPE, TLS_USE

_SPECIFICATION, _ERROR, _SERVER = Basis.SPECIFICATION, Severity.ERROR, Party.SERVER
_NOBODY = "None of the four has this extension."
_PEM = r"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
_PLAIN = '"server_cert": None, "tls_version": 0x0304, "cipher_suite": 0x1301'


def _https(tls: str, scheme: str = "https") -> str:
    """A request with these keys in its TLS extension, and a response."""
    return f"""
        http, scheme="{scheme}", extensions={{"tls": {{{tls}}}}}
        receive http.request
        send http.response.start, status=200
        send http.response.body, body=b"hello"
        returned
    """


RULES: tuple[Rule, ...] = (
    Rule(
        "TLS-001",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The TLS extension is given only for a connection over TLS.",
        "Leave tls out of the extensions when the scheme is http or ws.",
        *TLS_USE,
        breaks=_https(_PLAIN, scheme="http"),
        keeps=_https(_PLAIN),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-002",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The TLS extension has the server's certificate as a PEM text, or None.",
        "Set server_cert always; None says that you do not know it, as behind a proxy.",
        *TLS_SCOPE,
        breaks=_https('"tls_version": 0x0304, "cipher_suite": 0x1301'),
        keeps=_https(f'"server_cert": "{_PEM}", "tls_version": 0x0304, "cipher_suite": 0x1301'),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-003",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The client's certificates are PEM texts, its own first and then those that sign it.",
        "Make a list of str of them; from DER bytes, ssl.DER_cert_to_PEM_cert makes one. Leave it out or empty without any.",
        *TLS_SCOPE,
        breaks=_https(f'{_PLAIN}, "client_cert_chain": [b"0\\x82\\x03"], "client_cert_name": "CN=ann"'),
        keeps=_https(f'{_PLAIN}, "client_cert_chain": ["{_PEM}"], "client_cert_name": "CN=ann"'),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-004",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "A client with a certificate has its name, too: the subject as one text.",
        'Set client_cert_name to the subject in the form of RFC 4514, such as "CN=ann,O=Shop".',
        *TLS_SCOPE,
        breaks=_https(f'{_PLAIN}, "client_cert_chain": ["{_PEM}"]'),
        keeps=_https(f'{_PLAIN}, "client_cert_chain": ["{_PEM}"], "client_cert_name": "CN=ann,O=Shop"'),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-005",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "What was wrong with a client's certificate is a text that is not empty, or None.",
        "Set client_cert_error to None, or leave it out, when the certificate was good or there was none.",
        *TLS_SCOPE,
        breaks=_https(f'{_PLAIN}, "client_cert_error": ""'),
        keeps=_https(f'{_PLAIN}, "client_cert_error": "certificate has expired"'),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-006",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The TLS version is a number, or None.",
        "Set tls_version to the number on the wire: 0x0304 is TLS 1.3, 0x0303 is TLS 1.2.",
        *TLS_SCOPE,
        breaks=_https('"server_cert": None, "tls_version": "TLSv1.3", "cipher_suite": 0x1301'),
        keeps=_https('"server_cert": None, "tls_version": 0x0303, "cipher_suite": 0xC02F'),
        servers=_NOBODY,
    ),
    Rule(
        "TLS-007",
        _SPECIFICATION,
        _ERROR,
        _SERVER,
        "The cipher suite is a number of 16 bits, or None.",
        "Set cipher_suite to the two bytes of the suite as one number: TLS_AES_128_GCM_SHA256 is 0x1301.",
        *TLS_SCOPE,
        breaks=_https('"server_cert": None, "tls_version": 0x0304, "cipher_suite": "TLS_AES_128_GCM_SHA256"'),
        keeps=_https('"server_cert": None, "tls_version": None, "cipher_suite": None'),
        servers=_NOBODY,
    ),
)
