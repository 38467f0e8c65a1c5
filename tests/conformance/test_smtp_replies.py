"""What a mail server's replies mean: this message, this address, or our own sender."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.senders.email.smtp_replies import Stage, refusal, refused_connection
from activities.senders.sender import BadAddress, NotTaken, Rejected, SenderAtFault

AFTER_MAIL = (Stage.RCPT, Stage.DATA, Stage.BODY)


@pytest.mark.parametrize("stage", AFTER_MAIL)
@pytest.mark.parametrize(
    "reply", ["5.1.1 <ada@example.org>: no such user", "5.1.2 x", "5.1.3 x", "5.1.6 x", "5.1.10 x"]
)
def test_an_address_that_nobody_is_at_is_a_bad_one(stage: Stage, reply: str) -> None:
    found = refusal(stage, 550, reply)
    assert isinstance(found, BadAddress)
    assert "ada" not in str(found)


@pytest.mark.parametrize("stage", AFTER_MAIL)
@pytest.mark.parametrize(
    ("code", "reply"),
    [
        (550, "5.7.26 This mail has been blocked because the sender is unauthenticated."),
        (550, "5.7.515 Access denied, sending domain example.com does not meet the required authentication level."),
        (550, "5.7.509 Access denied, sending domain does not pass DMARC verification."),
        (550, "5.7.30 DKIM did not pass."),
        (554, "5.7.606 Access denied, banned sending IP."),
    ],
)
def test_a_domain_that_does_not_authenticate_is_the_senders_fault_and_not_the_recipients(
    stage: Stage, code: int, reply: str
) -> None:
    found = refusal(stage, code, reply)
    assert isinstance(found, SenderAtFault)
    assert not found.account


@pytest.mark.parametrize("code", [550, 553, 501])
def test_a_from_address_that_is_refused_is_the_senders_fault(code: int) -> None:
    found = refusal(Stage.MAIL, code, "5.1.8 no")
    assert isinstance(found, SenderAtFault)
    assert (found.account, "SHELFTALK_SENDER" in str(found)) == (False, True)


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_login_that_is_refused_is_the_fault_of_the_account(code: int) -> None:
    for found in (refusal(Stage.MAIL, code, "5.7.0 no"), refused_connection(Stage.AUTH, code, "5.7.8 no")):
        assert isinstance(found, SenderAtFault)
        assert found.account


@pytest.mark.parametrize(
    "reply", ["5.7.1 <ada@example.org>: Relay access denied", "relay not permitted", "Relaying denied"]
)
def test_a_server_that_does_not_relay_for_us_uses_up_no_waiting_list(reply: str) -> None:
    found = refusal(Stage.RCPT, 554, reply)
    assert isinstance(found, SenderAtFault)
    assert found.account


@pytest.mark.parametrize(
    ("stage", "code", "reply"),
    [
        (Stage.RCPT, 550, "5.7.1 policy"),
        (Stage.RCPT, 550, "<relay@example.org>: user unknown"),
        (Stage.BODY, 554, "5.6.0 no"),
        (Stage.BODY, 550, "5.7.1 spam"),
        (Stage.BODY, 552, "5.3.4 too large"),
    ],
)
def test_other_refusals_are_of_this_message(stage: Stage, code: int, reply: str) -> None:
    found = refusal(stage, code, reply)
    assert type(found) is Rejected


@given(st.sampled_from(Stage), st.integers(400, 499), st.text(max_size=20))
def test_what_passes_is_nobodys_fault(stage: Stage, code: int, reply: str) -> None:
    found = refusal(stage, code, reply)
    assert isinstance(found, NotTaken)
    assert not isinstance(found, SenderAtFault)


@given(st.sampled_from(Stage), st.integers(200, 599), st.text(max_size=40))
def test_no_words_of_a_reply_are_repeated(stage: Stage, code: int, reply: str) -> None:
    said = "ada.private@example.org"
    assert said not in str(refusal(stage, code, f"{reply} {said}"))
