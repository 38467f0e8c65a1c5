"""What people with a key ask, and nobody without one; in which words a mistake is answered."""

from activities.postgres.pool import Pool
from tests.http.web import Web, problem

KEYED = [
    ("GET", "/v1/journeys"),
    ("POST", "/v1/journeys/search"),
    ("GET", "/v1/journeys/j-1"),
    ("GET", "/v1/journeys/j-1/path"),
    ("POST", "/v1/journeys/j-1/cancel"),
    ("POST", "/v1/events"),
    ("POST", "/v1/consents"),
    ("POST", "/v1/contacts/search"),
    ("GET", "/v1/contacts/c-1"),
    ("PATCH", "/v1/contacts/c-1"),
    ("DELETE", "/v1/contacts/c-1"),
    ("POST", "/v1/suppressions"),
    ("PUT", "/v1/stores/s"),
    ("PUT", "/v1/stores/s/products/p"),
    ("DELETE", "/v1/stores/s/products/p"),
    ("DELETE", "/v1/stores/s/orders/o"),
    ("GET", "/v1/stores/s/variants"),
    ("GET", "/v1/stores/s/variants/v"),
    ("GET", "/v1/stores/s/variants/v/stock"),
    ("PUT", "/v1/stores/s/variants/v/stock"),
    ("POST", "/v1/conversations"),
    ("POST", "/v1/conversations/check"),
    ("POST", "/v1/conversations/test-run"),
]


async def test_without_a_valid_key_nothing_is_even_read(web: Web) -> None:
    wrong = "Bearer shelftalk_wrong"
    for authorization in (None, wrong, "Bearer other", "Bearer", "Basic c2hlbGZ0YWxrXw=="):
        headers = {"Authorization": authorization} if authorization else {}
        for method, path in KEYED:
            answer = await web.open.request(method, path, headers=headers, content=b"{not json")
            if authorization == wrong and answer.status_code == 429:
                problem(answer, 429, "too-many-requests")
                continue
            problem(answer, 401, "key-needed")
            assert answer.headers["www-authenticate"].startswith('Bearer realm="shelftalk"')


async def test_a_revoked_key_opens_nothing(web: Web) -> None:
    assert (await web.keyed.get("/v1/journeys")).status_code == 200
    await web.services.keys.revoke("tests", "test")
    problem(await web.keyed.get("/v1/journeys"), 401, "key-needed")


async def test_what_is_wrong_with_a_value_is_said_in_our_words(web: Web) -> None:
    negative = {"title": "Kettle", "variants": [{"variant": "v", "price": "-1"}]}
    said = problem(await web.keyed.put("/v1/stores/s/products/p", json=negative), 422, "invalid")
    assert (said.path, said.detail) == ("$.variants[0].price", "the least is 0")
    said = problem(await web.keyed.get("/v1/journeys", params={"limit": "many"}), 422, "invalid")
    assert (said.path, said.detail) == ("query.limit", "write a whole number")
    answer = (await web.keyed.post("/v1/events", json={"events": [{"id": "e", "kind": "sang"}]})).json()
    told = {each["path"]: each["detail"] for each in answer["outcomes"][0]["diagnostics"]}
    assert told["$.events[0].store"] == "it is missing"


async def test_the_newest_word_on_consent_counts_and_the_same_word_adds_nothing(web: Web, pool: Pool) -> None:
    wish = {"email": "a@example.com", "granted": True, "source": "checkout"}
    for granted in (True, True, False, True):
        answer = await web.keyed.post("/v1/consents", json={**wish, "granted": granted})
        assert (answer.status_code, answer.json()["granted"]) == (200, granted)
    rows = await pool.fetch("select granted from consents order by id")
    assert [row["granted"] for row in rows] == [True, False, True]
