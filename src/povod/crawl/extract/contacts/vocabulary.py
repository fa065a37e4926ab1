"""Words by which an address tells whose it is (L82, L83)."""

from povod.crawl.extract.contacts.model import RoleClass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PUBLIC_PROVIDERS = _words("""
    mail.ru bk.ru inbox.ru list.ru internet.ru xmail.ru yandex.ru ya.ru yandex.com yandex.by
    yandex.kz narod.ru gmail.com googlemail.com rambler.ru lenta.ru ro.ru autorambler.ru
    myrambler.ru outlook.com hotmail.com live.com live.ru msn.com yahoo.com icloud.com me.com
    proton.me protonmail.com qip.ru pochta.ru nm.ru mail.com gmx.com gmx.de aol.com ukr.net i.ua
    tut.by vk.com e1.ru ngs.ru
""")
"""Domains under which anybody gets an address; they say nothing about a company."""

NEVER = _words("""
    noreply no-reply no_reply no.reply donotreply do-not-reply do_not_reply abuse postmaster
    mailer-daemon hostmaster webmaster root spam privacy dpo unsubscribe
""")
"""Local parts that are never a contact for letters."""

ROLES: dict[RoleClass, frozenset[str]] = {
    "hr": _words("hr job jobs rabota vacancy vacancies resume kadry career personal ok"),
    "department": _words("""
        buh buhg buhgalter buhgalteria account accounting accounts press pr support help tender
        tenders zakupki smi media finance marketing reklama lawyer urist
    """),
    "general": _words("""
        info office mail email post hello hi zakaz zakazy order orders sale sales prodaji prodazhi
        contact contacts kontakt manager shop store client clients service servis company firma
        reception priem priemnaya sekretar secretary market magazin welcome opt ask
    """),
}
"""Local parts, or words of them, that belong to a post and not to a person."""

PLACEHOLDERS = _words("""
    mail email e-mail name user username login test example your youremail your-email yourmail
    your.email yourname your_email your_name address adres pochta imya vasha vashapochta vash-email
    my mymail primer ivan.ivanov ivanivanov xxx xxxx aaa qwerty
""")
"""Local parts that at a public provider stand for «your address here»."""

PLACEHOLDER_NAMES = _words("""
    example domain domen domainname yourdomain your-domain mydomain site sitename mysite yoursite
    your-site vashsite vash-site vashdomen website yourcompany your-company
    xn--80aswg xn--e1afmkfd xn--d1acufc xn--80aae4a1bi2b
""")
"""Registered names that stand for «your site here», «сайт», «пример» and «домен» among them."""

FIRST_NAMES = _words("""
    aleksandr alexander alexandr alexey aleksey alex anatoly andrey andrei anna anastasia anton
    artem boris darya denis dmitry dmitriy dmitri elena ekaterina evgeny evgeniy galina georgy igor
    ilya irina ivan julia yulia kirill konstantin ksenia larisa leonid lyudmila ludmila marina maria
    mariya maxim maksim mihail mikhail nadezhda natalia natalya nikita nikolay oleg olga pavel petr
    roman ruslan sergey sergei stanislav svetlana tatiana tatyana valentina vera viktor victor
    victoria viktoria vitaly vladimir vladislav vyacheslav yuri yury
""")
"""Russian first names as they are written in addresses."""
