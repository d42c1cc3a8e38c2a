"""
Who is no customer on a web site: crawlers, monitors, previews, scanners and programs.

A family is told by a word in the user agent, which is itself never kept. The list is short on
purpose: what calls itself a bot and is not on it counts as ``other``.
"""

from __future__ import annotations

import re

__all__ = ["SCANNER", "family_of", "is_scan"]

SCANNER = "scanner"
"""The family of those who look for holes, whatever they call themselves."""

_FAMILIES = {
    "Googlebot": r"googlebot|google-inspectiontool|storebot-google|googleother|adsbot-google"
    r"|mediapartners-google|apis-google|feedfetcher-google|google-read-aloud",
    "Bingbot": r"bingbot|bingpreview|adidxbot|msnbot",
    "Yandex": r"yandex(?:bot|images|metrika|mobile|accessibility|render)",
    "Baidu": r"baiduspider",
    "DuckDuckBot": r"duckduckbot|duckassistbot",
    "Applebot": r"applebot",
    "Amazonbot": r"amazonbot",
    "Bytespider": r"bytespider|tiktokspider",
    "OpenAI": r"gptbot|chatgpt-user|oai-searchbot",
    "Anthropic": r"claudebot|claude-user|claude-searchbot|anthropic-ai",
    "Perplexity": r"perplexitybot|perplexity-user",
    "CommonCrawl": r"ccbot",
    "Meta": r"facebookexternalhit|facebookcatalog|meta-external|facebot",
    "Previews": r"whatsapp/|telegrambot|slackbot|discordbot|twitterbot|linkedinbot"
    r"|pinterest(?:bot|/0)|skypeuripreview|embedly|iframely",
    "SEO": r"ahrefs|semrush|mj12bot|dotbot|rogerbot|blexbot|seokicks|serpstat|screaming frog"
    r"|dataforseo|sistrix|majestic",
    "Monitors": r"uptimerobot|pingdom|statuscake|site24x7|newrelicpinger|datadog|betteruptime"
    r"|better uptime|nagios|check_http|zabbix|gtmetrix|lighthouse|pagespeed|elb-healthchecker"
    r"|googlehc|kube-probe|blackbox",
    SCANNER: r"zgrab|masscan|nikto|sqlmap|nmap|nuclei|wpscan|censys|shodan|expanse"
    r"|internetmeasurement|l9explore|leakix",
    "Browsers without people": r"headlesschrome|phantomjs|puppeteer|playwright|selenium|slimerjs",
    "Programs": r"^curl/|^wget/|python-requests|python-urllib|python-httpx|aiohttp|go-http-client"
    r"|^java/|okhttp|apache-httpclient|libwww-perl|lwp::|axios/|node-fetch|undici|guzzlehttp|^ruby"
    r"|faraday|postmanruntime|insomnia|httpie|scrapy|^php/|winhttp|restsharp|dart:io",
    "Archives": r"ia_archiver|archive\.org_bot|heritrix",
}
_OTHER = (
    r"(?<!cu)bot(?:[^a-z]|$)|crawl|spider|slurp|scrape|fetcher|monitor(?:ing)?/|validator|preview"
    r"|feedburner"
)
_KNOWN = re.compile(
    "|".join(f"({words})" for words in (*_FAMILIES.values(), _OTHER)), re.IGNORECASE
)
_NAMES = (*_FAMILIES, "other")

_SCAN = re.compile(
    rb"\.(?:php\d?|aspx?|jsp|cgi|env|git|svn|sql|bak|ini|ya?ml|conf)(?:$|/)|/(?:wp-|cgi-bin|\.)"
    rb"|phpmyadmin|\.\./|%2e%2e",
    re.IGNORECASE,
)


def family_of(agent: str) -> str | None:
    """
    Return the family of bots that a user agent belongs to, or None for a browser of somebody.

    An empty user agent is one, too: no browser sends it.
    """
    text = agent.strip()
    if text in ("", "-"):
        return "without a user agent"
    found = _KNOWN.search(text[:500])
    return None if found is None or found.lastindex is None else _NAMES[found.lastindex - 1]


def is_scan(path: bytes) -> bool:
    """Say whether somebody who asks for a page that is not there looks for holes."""
    return _SCAN.search(path) is not None
