"""Coupon codes over HTTP: put in, counted, and refused in words that say where."""

from tests.http.web import Web, problem


async def test_codes_are_put_in_and_counted(web: Web) -> None:
    added = await web.keyed.post("/v1/coupons/spring-10", json={"codes": ["SAVE-1", "SAVE-2", "save-1"]})
    assert added.json() == {"coupon_list": "spring-10", "added": 2, "known": 0, "free": 2}
    again = await web.keyed.post("/v1/coupons/spring-10", json={"codes": ["SAVE-2", "SAVE-3"]})
    assert again.json() == {"coupon_list": "spring-10", "added": 1, "known": 1, "free": 3}
    shown = (await web.keyed.get("/v1/coupons/spring-10")).json()
    assert (shown["codes"], shown["free"], shown["reserved"], shown["redeemed"]) == (3, 3, 0, 0)
    assert (await web.keyed.get("/v1/coupons")).json() == {"lists": [shown]}
    problem(await web.keyed.get("/v1/coupons/autumn"), 404, "not-found")


async def test_what_is_no_code_is_refused_and_nothing_of_it_is_kept(web: Web) -> None:
    for code in ("", "A B", "A,B", 'A"', "A\u0000", "A\u200b", "x" * 101):
        said = problem(await web.keyed.post("/v1/coupons/spring", json={"codes": ["GOOD", code]}), 422, "invalid")
        assert said.path == "$.codes[1]"
    bodies: tuple[dict[str, list[str]], ...] = ({"codes": []}, {}, {"codes": ["A"] * 10_001})
    for body in bodies:
        said = problem(await web.keyed.post("/v1/coupons/spring", json=body), 422, "invalid")
        assert said.path == "$.codes"
    problem(await web.keyed.post("/v1/coupons/Spring%20Sale", json={"codes": ["A"]}), 422, "invalid")
    assert (await web.keyed.get("/v1/coupons")).json() == {"lists": []}
