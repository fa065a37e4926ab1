"""Which currency a sign, a word or an address of a shop stands for (S91)."""

from price_parser._currencies import CURRENCY_CODES

_ISO_OF_SIGN = {
    "₽": "RUB", "руб": "RUB", "рублей": "RUB", "рубля": "RUB", "рубль": "RUB", "рубли": "RUB",
    "р": "RUB", "p": "RUB", "rur": "RUB", "rub": "RUB",
    "₸": "KZT", "тг": "KZT", "тңг": "KZT", "тенге": "KZT",
    "br": "BYN", "byr": "BYN", "бел.руб": "BYN", "бел. руб": "BYN",
    "грн": "UAH", "₴": "UAH", "сум": "UZS", "so'm": "UZS", "сом": "KGS", "₾": "GEL", "лари": "GEL",
    "֏": "AMD", "դր": "AMD", "драм": "AMD", "₼": "AZN", "ман": "AZN",
    "€": "EUR", "euro": "EUR", "евро": "EUR", "$": "USD", "us$": "USD", "доллар": "USD",
    "£": "GBP", "kč": "CZK", "zł": "PLN", "r$": "BRL", "₫": "VND", "₪": "ILS", "₹": "INR",
    "rp": "IDR", "ft": "HUF", "tl": "TRY", "₺": "TRY", "lei": "RON", "c$": "CAD", "ca$": "CAD",
    "a$": "AUD", "au$": "AUD", "nz$": "NZD", "nt$": "TWD", "hk$": "HKD", "s$": "SGD", "mx$": "MXN",
    "лв": "BGN", "rm": "MYR", "kd": "KWD", "₩": "KRW", "₱": "PHP", "฿": "THB", "₦": "NGN",
}  # fmt: skip
_ISO_CODES = frozenset(code for code in CURRENCY_CODES if len(code) == 3 and code.isupper())
_ROUBLE_ZONES = (".ru", ".su", ".xn--p1ai", ".рф")


def iso_of(sign: str | None) -> str | None:
    """ISO-4217 code of a sign, word or code; None for what may mean several currencies."""
    text = (sign or "").strip()
    if known := _ISO_OF_SIGN.get(text.lower().rstrip(".")):
        return known
    code = text.upper()
    return code if code in _ISO_CODES else None


def currency_of_host(host: str) -> str | None:
    """Roubles for a host of a Russian zone; elsewhere an address tells nothing."""
    return "RUB" if host.endswith(_ROUBLE_ZONES) else None
