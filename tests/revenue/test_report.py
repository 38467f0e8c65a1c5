"""What messages earned, by message and currency: in the service, over HTTP and on the command line."""

import csv
import io
from decimal import Decimal

from activities.postgres.pool import Pool
from schemas.attribution import Touch
from schemas.responses.revenue import RevenueReport
from tests.cli.command import Shelftalk
from tests.http.web import Web, problem
from tests.revenue.told import did, enters, ordered, sent
from tests.storefronts.shop import SHOP


async def _earned(web: Web, pool: Pool) -> None:
    """Ann clicked and ordered twice, in two currencies; Ben opened and ordered, and gave a part back; Cat ordered."""
    first, second = await enters(web, pool, "ann", "ben")
    await did(web, "clicked_message", await sent(pool, first, 3), 2)
    await did(web, "opened_message", await sent(pool, second, 3), 2, "ben")
    await sent(pool, second, 1, "still-here", 2)
    await ordered(web, "51", "100")
    await ordered(web, "52", "2000", currency="JPY")
    await ordered(web, "53", "50", who="ben", refunded="12.50")
    await ordered(web, "54", "30", who="cat")
    await ordered(web, "55", "70", who="ben")
    assert (await web.keyed.delete(f"/v1/stores/{SHOP}/orders/55")).status_code == 204


async def _report(web: Web, **asked: str) -> RevenueReport:
    answer = await web.keyed.get("/v1/reports/revenue", params=asked)
    assert answer.status_code == 200, answer.text
    return RevenueReport.model_validate_json(answer.content)


async def test_a_message_earned_what_is_left_of_the_orders_credited_to_it(web: Web, pool: Pool) -> None:
    await _earned(web, pool)
    report = await _report(web)
    euro, yen, none = report.messages
    assert (euro.currency, euro.message, euro.sent, euro.orders, euro.cancelled) == ("EUR", "it-is-back", 2, 2, 1)
    assert (euro.gross, euro.deducted, euro.net) == (Decimal("220.00"), Decimal("82.50"), Decimal("137.50"))
    assert euro.by_touch == {Touch.OPENED: 1, Touch.CLICKED: 1}
    assert (yen.currency, str(yen.net)) == ("JPY", "2000")
    assert (none.message, none.currency, none.sent, none.orders) == ("still-here", None, 1, 0)
    totals = {each.currency: each for each in report.currencies}
    assert (totals["EUR"].orders, totals["EUR"].net) == (3, Decimal("167.50"))
    assert (totals["EUR"].credited_orders, totals["EUR"].credited_net) == (2, Decimal("137.50"))


async def test_a_report_is_of_a_list_and_a_time_and_may_be_csv(web: Web, pool: Pool) -> None:
    await _earned(web, pool)
    assert len((await _report(web, list="default")).messages) == 3
    assert (await _report(web, until="2020-01-01")).messages == ()
    problem(await web.keyed.get("/v1/reports/revenue", params={"list": "none"}), 404, "not-found")
    answer = await web.keyed.get("/v1/reports/revenue", headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["currency"], row["net"], row["clicked"]) for row in rows] == [
        ("EUR", "137.50", "1"),
        ("JPY", "2000", "1"),
        ("", "0.00", "0"),
    ]


async def test_the_command_shows_what_each_message_earned(web: Web, pool: Pool, shelftalk: Shelftalk) -> None:
    empty = await shelftalk.run("report", "revenue")
    assert "No message was sent" in empty.out
    await _earned(web, pool)
    shown = await shelftalk.run("report", "revenue")
    assert "137.50 EUR" in shown.out
    assert "EUR: messages earned 137.50 of 167.50, by 2 of 3 orders" in shown.out
