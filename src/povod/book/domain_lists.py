"""Domain rules that ship with Povod; rows of `domain_rules` are added to them (L47, L48)."""

EXCLUDED = frozenset(
    """
    avito.ru yandex.ru ya.ru market.yandex.ru 2gis.ru hh.ru flamp.ru otzovik.com irecommend.ru
    youtube.com profi.ru yell.ru workspace.ru vuzopedia.ru orgpage.ru rating-gamedev.ru
    ru.wadline.com vk.com reddit.com pikabu.ru
    ok.ru t.me dzen.ru rutube.ru wikipedia.org zoon.ru rusprofile.ru list-org.com gosuslugi.ru
    superjob.ru cian.ru ozon.ru wildberries.ru mail.ru rbc.ru
    """.split()  # noqa: SIM905 - a word list reads better
)
"""Aggregators, social networks and directories: a hit there is no company's own site."""

PLATFORMS = frozenset(
    """
    tilda.ws nethouse.ru narod.ru ucoz.ru ucoz.net wixsite.com turbo.site bitrix24site.ru
    bitrix24.shop umi.ru clients.site taplink.ws business.site insales.ru myinsales.ru lpmotor.ru
    mya5.ru satom.ru tiu.ru pulscen.ru blizko.ru deal.by prom.ua regmarkets.ru flowlu.ru
    """.split()  # noqa: SIM905 - a word list reads better
)
"""Hosting platforms: each host below one of them is a firm's own."""

PUBLIC_MAIL = frozenset(
    """
    mail.ru bk.ru inbox.ru list.ru internet.ru vk.com xmail.ru
    yandex.ru ya.ru yandex.com yandex.by yandex.kz yandex.ua narod.ru
    gmail.com googlemail.com rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru
    outlook.com hotmail.com live.com live.ru msn.com icloud.com me.com mac.com
    yahoo.com yahoo.co.uk aol.com proton.me protonmail.com pm.me gmx.com gmx.net gmx.de
    mail.com zoho.com tutanota.com qip.ru pochta.ru e1.ru ngs.ru nm.ru hotbox.ru
    ukr.net i.ua meta.ua bigmir.net tut.by mail.kz
    """.split()  # noqa: SIM905 - a word list reads better
)
"""Mail providers where anybody has an address: sharing one says nothing about two firms."""
