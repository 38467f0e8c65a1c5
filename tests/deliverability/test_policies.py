"""What domains say of mails: the walk to the organization, and what an SPF record asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starter.deliverability.dns_records import Dns, DnsSilent
from starter.deliverability.policies import Broken, aligned, dmarc_of, organization_of, spf_of
from tests.deliverability.name_server import NameServer

POLICY = "v=DMARC1; p=reject"
LABELS = st.lists(st.sampled_from("abc"), min_size=1, max_size=12)


class Known:
    """Records that are known, for what is pure otherwise; and the names that were asked for."""

    def __init__(self, records: dict[str, list[str]]) -> None:
        self._records = records
        self.asked: list[str] = []

    async def texts(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        return tuple(self._records.get(name, ()))


@given(LABELS, st.sets(st.integers(min_value=0, max_value=11)))
async def test_the_walk_asks_eight_names_at_most_and_ends_at_one_that_is_above(labels: list[str], at: set[int]) -> None:
    domain = ".".join(labels)
    above = [".".join(labels[number:]) for number in range(len(labels))]
    known = Known({f"_dmarc.{above[number]}": [POLICY] for number in at if number < len(labels)})
    organization = await organization_of(known, domain)
    assert organization in above
    assert len(known.asked) <= 8
    assert len(known.asked) == len(set(known.asked))


@pytest.mark.parametrize(
    ("records", "domain", "organization"),
    [
        ({}, "a.shop.example", "a.shop.example"),
        ({"shop.example": POLICY}, "a.b.shop.example", "shop.example"),
        ({"shop.example": POLICY, "a.shop.example": POLICY}, "a.shop.example", "shop.example"),
        ({"shop.example": POLICY, "a.shop.example": f"{POLICY}; psd=n"}, "x.a.shop.example", "a.shop.example"),
        ({"co.example": f"{POLICY}; psd=y"}, "a.shop.co.example", "shop.co.example"),
        ({"co.example": f"{POLICY}; psd=y"}, "co.example", "co.example"),
    ],
)
async def test_the_organization_is_found_by_the_walk(records: dict[str, str], domain: str, organization: str) -> None:
    """RFC 9989, 4.10.2."""
    known = Known({f"_dmarc.{name}": [text] for name, text in records.items()})
    assert await organization_of(known, domain) == organization


async def test_neighbours_below_a_public_suffix_are_not_aligned() -> None:
    known = Known({"_dmarc.co.example": [f"{POLICY}; psd=y"], "_dmarc.shop.co.example": [POLICY]})
    assert await aligned(known, "mail.shop.co.example", "shop.co.example", strict=False) is True
    assert await aligned(known, "other.co.example", "shop.co.example", strict=False) is False


async def test_the_same_domain_and_one_of_another_top_are_known_without_dns(names: NameServer) -> None:
    names.all_silent = True
    silent = Dns(names.address, 0.2)
    assert await aligned(silent, "shop.example", "shop.example", strict=False) is True
    assert await aligned(silent, "mail.test", "shop.example", strict=False) is False
    assert await aligned(silent, "mail.shop.example", "shop.example", strict=True) is False
    assert names.asked == []
    assert await aligned(silent, "mail.shop.example", "shop.example", strict=False) is None


async def test_the_policy_of_the_organization_holds_where_a_domain_has_none(names: NameServer) -> None:
    names.records["_dmarc.shop.example"] = ["v=DMARC1;p=None ; adkim=S"]
    policy = await dmarc_of(Dns(names.address), "news.shop.example")
    assert policy is not None
    assert (policy.domain, policy.policy, policy.strict_dkim, policy.strict_spf) == (
        "shop.example",
        "none",
        True,
        False,
    )
    assert await dmarc_of(Dns(names.address), "elsewhere.test") is None


@pytest.mark.parametrize(
    ("records", "questions"),
    [
        ({"a.example": "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"}, 0),
        ({"a.example": "v=spf1 a mx:b.example/24 ptr ?exists:%{i}.b.example -all"}, 4),
        ({"a.example": "v=spf1 include:b.example mx ~all", "b.example": "v=spf1 mx -all"}, 3),
        ({"a.example": "v=spf1 mx -all include:gone.example redirect=gone.example"}, 1),
        ({"a.example": "v=spf1 redirect=%{d}.b.example  a//64 exp=why.example later=%{s}x"}, 2),
        ({"a.example": "v=spf1 redirect=b.example", "b.example": "v=spf1 a -all"}, 2),
        ({"a.example": "v=spf1 include:%{d}.b.example -all"}, 1),
    ],
)
async def test_what_a_record_asks_for_is_counted_with_what_it_includes(records: dict[str, str], questions: int) -> None:
    found = await spf_of(Known({name: [text] for name, text in records.items()}), "a.example")
    assert found is not None
    assert (found.questions, found.open) == (questions, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("include:gone.example -all", "include of gone.example, where DNS has no record"),
        ("redirect=gone.example", "redirect of gone.example, where DNS has no record"),
        ("include:inner.example -all", "include of gone.example"),
        ("inclde:b.example -all", "a.example has 'inclde:b.example'"),
        ("-all inclde:b.example", "inclde"),
        ("include: -all", "'include:'"),
        ("include:gone -all", "'include:gone'"),
        ("ip4:192.0.2.256 -all", "192.0.2.256"),
        ("ip4:192.0.2.1/33 -all", "/33"),
        ("ip6:2001::db8::1 -all", "ip6"),
        ("a:b.example/24/64 -all", "/64"),
        ("exists:%{x}.example -all", "exists"),
        ("mx -all;", "-all;"),
        ("-redirect=b.example", "-redirect"),
        ("redirect=gone", "redirect=gone"),
        ("redirect=b.example redirect=b.example", "redirect= twice"),
        ("\x1b[2J -all", r"'\x1b[2J'"),
    ],
)
async def test_a_record_is_broken_where_receivers_count_it_so(text: str, says: str) -> None:
    """RFC 7208, 4.6, 5.2 and 6.1: permerror."""
    inner = {"inner.example": ["v=spf1 include:gone.example -all"], "b.example": ["v=spf1 -all"]}
    with pytest.raises(Broken) as caught:
        await spf_of(Known({"a.example": [f"v=spf1 {text}"], **inner}), "a.example")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "lets_everybody"),
    [
        ("redirect=open.example", True),
        ("include:open.example -all", True),
        ("ALL", True),
        ("?include:open.example -include:open.example -all", False),
        ("~all redirect=open.example", False),
        ("-all +all", False),
        ("include:shut.example", False),
    ],
)
async def test_whether_everybody_may_send_is_taken_from_what_a_record_goes_on_to(
    text: str, lets_everybody: bool
) -> None:
    others = {"open.example": ["v=spf1 +all"], "shut.example": ["v=spf1 -all"]}
    found = await spf_of(Known({"a.example": [f"v=spf1 {text}"], **others}), "a.example")
    assert found is not None
    assert found.open is lets_everybody


@given(st.lists(st.sampled_from(["a", "mx", ":", "=", "%{d}", ".b", "/24", "all", "include", "redirect", " "])))
async def test_any_record_is_counted_or_broken(pieces: list[str]) -> None:
    try:
        found = await spf_of(Known({"a.b": [f"v=spf1 {''.join(pieces)}"]}), "a.b")
    except Broken:
        return
    assert found is not None
    assert found.questions <= 11


async def test_a_silent_include_makes_a_record_unknown(names: NameServer) -> None:
    names.silent = {"spf.mail.example"}
    with pytest.raises(DnsSilent):
        await spf_of(Dns(names.address, 0.2), "bounces.shop.example")


@pytest.mark.parametrize("server", ["nine", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:99999", "dns.example"])
def test_a_server_is_an_address(server: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Dns(server)


@pytest.mark.parametrize("server", ["9.9.9.9", "127.0.0.1:5353", "2620:fe::fe", "[2620:fe::fe]:53"])
def test_an_address_may_have_a_port(server: str) -> None:
    Dns(server)


async def test_a_name_that_cannot_be_has_no_record() -> None:
    assert await Dns("127.0.0.1:9").texts(f"{'x' * 64}.example") == ()


async def test_all_questions_together_have_an_end(names: NameServer) -> None:
    spent = Dns(names.address, all_questions=0)
    with pytest.raises(DnsSilent):
        await spent.texts("shop.example")
    assert names.asked == []
