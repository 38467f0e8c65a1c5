"""What is certainly no person is told by the request alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.revenue.machines import Machine, machine_behind

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)
PEOPLE = [
    CHROME,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
]
MACHINES = [
    ("", Machine.ROBOT),
    ("   ", Machine.ROBOT),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Machine.ROBOT),
    ("python-requests/2.32.3", Machine.ROBOT),
    ("curl/8.9.1", Machine.ROBOT),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Machine.ROBOT),
    ("Mozilla/5.0", Machine.PROXY),
    ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", Machine.PROXY),
    ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Machine.PROXY),
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_browser_is_a_persons(user_agent: str) -> None:
    assert machine_behind("GET", {"user-agent": user_agent}) is None


@pytest.mark.parametrize(("user_agent", "machine"), MACHINES)
def test_what_says_that_it_is_a_program_is_one(user_agent: str, machine: Machine) -> None:
    assert machine_behind("GET", {"user-agent": user_agent}) is machine


@pytest.mark.parametrize(
    "header",
    [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch"), ("x-purpose", "preview")],
)
def test_what_is_fetched_ahead_of_a_click_is_no_click(header: tuple[str, str]) -> None:
    name, value = header
    assert machine_behind("GET", {"user-agent": CHROME, name: value}) is Machine.PREFETCH


@given(st.text(), st.dictionaries(st.sampled_from(["user-agent", "purpose", "x-moz"]), st.text()))
def test_whatever_is_sent_there_is_an_answer_and_head_is_never_a_person(method: str, headers: dict[str, str]) -> None:
    machine_behind(method, headers)
    assert machine_behind("HEAD", headers) is Machine.HEAD
