"""The ways in which a page writes an e-mail address or a phone number (L80, L81)."""

from collections.abc import Callable

from povod.sandbox.world.cities import BY_NAME
from povod.sandbox.world.model import Address, Shown

_CLOUDFLARE_KEY = 0x5A


def address_html(address: Address) -> str:
    """HTML of an address in its disguise; empty when it stands in JSON-LD only."""
    return _WAYS[address.shown](address.value)


def cloudflare(value: str) -> str:
    """Cloudflare's e-mail protection: a key byte, then every byte xor the key, in hex."""
    return bytes([_CLOUDFLARE_KEY, *(b ^ _CLOUDFLARE_KEY for b in value.encode())]).hex()


def phone_text(phone: str, city: str) -> str:
    """A phone as people write it: `+7 (843) 212-34-56` or `8 800 457-44-32`."""
    digits = phone.removeprefix("+7")
    if digits.startswith("800"):
        return f"8 800 {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
    code = BY_NAME[city].code if digits.startswith(BY_NAME[city].code) else digits[:3]
    rest = digits[len(code) :]
    return f"+7 ({code}) {rest[:-4]}-{rest[-4:-2]}-{rest[-2:]}"


def phone_html(phone: str, city: str, *, linked: bool) -> str:
    """A phone as a `tel:` link or as plain text."""
    text = phone_text(phone, city)
    return f'<a href="tel:{phone}">{text}</a>' if linked else f"тел. {text.replace('+7', '8')}"


def _mailto(value: str) -> str:
    return f'<a href="mailto:{value}">{value}</a>'


def _text(value: str) -> str:
    return f"E-mail: {value}"


def _attribute(value: str) -> str:
    return f'<button class="write" data-email="{value}">Написать письмо</button>'


def _cloudflare(value: str) -> str:
    code = cloudflare(value)
    return (
        f'<a href="/cdn-cgi/l/email-protection#{code}">'
        f'<span class="__cf_email__" data-cfemail="{code}">[email&#160;protected]</span></a>'
    )


def _dog(value: str) -> str:
    local, name, zone = _parts(value)
    return f"Пишите: {local} (собака) {name} точка {zone}"


def _brackets(value: str) -> str:
    local, name, zone = _parts(value)
    return f"Почта {local} [at] {name} [.] {zone}"


def _fullwidth(value: str) -> str:
    return "Почта: " + value.replace("@", "＠").replace(".", "．")


def _reversed(value: str) -> str:
    return f'<span style="unicode-bidi:bidi-override;direction:rtl">{value[::-1]}</span>'


def _split(value: str) -> str:
    local, name, zone = _parts(value)
    return f"<span>{local}</span><span>@</span><b>{name}</b><span>.{zone}</span>"


def _soft_hyphen(value: str) -> str:
    local, name, zone = _parts(value)
    return f"E-mail: {local[:2]}&shy;{local[2:]}@{name[:3]}\u200b{name[3:]}.{zone}"


def _entities(value: str) -> str:
    return "".join(f"&#{ord(character)};" for character in value)


def _nothing(_: str) -> str:
    return ""


def _parts(value: str) -> tuple[str, str, str]:
    local, _, host = value.partition("@")
    name, _, zone = host.rpartition(".")
    return local, name, zone


_WAYS: dict[Shown, Callable[[str], str]] = {
    Shown.MAILTO: _mailto,
    Shown.TEXT: _text,
    Shown.JSON_LD: _nothing,
    Shown.ATTRIBUTE: _attribute,
    Shown.CLOUDFLARE: _cloudflare,
    Shown.DOG: _dog,
    Shown.BRACKETS: _brackets,
    Shown.FULLWIDTH: _fullwidth,
    Shown.REVERSED: _reversed,
    Shown.SPLIT: _split,
    Shown.SOFT_HYPHEN: _soft_hyphen,
    Shown.ENTITIES: _entities,
}
