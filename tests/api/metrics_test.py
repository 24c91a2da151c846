"""Who sees /metrics: this machine, and with --open-metrics everybody."""
import pytest

from support.harness import Server, http


@pytest.mark.parametrize("flags, behind_a_proxy", [([], 404), (["--open-metrics"], 200)])
def test_metrics_are_shown_to_whom_the_operator_says(tmp_path, flags, behind_a_proxy):
    server = Server(tmp_path, flags).start()
    assert http("GET", server.url + "/metrics").status == 200
    assert http("GET", server.url + "/metrics", headers={"X-Forwarded-For": "198.51.100.7"}).status == behind_a_proxy
    server.stop()
