"""x."""

from povod.crawl.cms.base import SiteAdapter, site_adapter


@site_adapter
class A(SiteAdapter):
    """X."""

    name = "opencart"
