"""Ports: a free one can be listened on, a taken one is named with its setting."""

import socket

import pytest

from starter.runtime.ports import LOOPBACK, CannotStart, free_port, require_free


def test_a_free_port_can_be_listened_on() -> None:
    port = free_port()
    require_free(port, "The web server", "SHELFTALK_HTTP_PORT")
    with socket.create_server((LOOPBACK, port)):
        pass


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"127\.0\.0\.1:{port}: another program.*SHELFTALK_HTTP_PORT"):
            require_free(port, "The web server", "SHELFTALK_HTTP_PORT")
