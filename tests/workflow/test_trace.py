"""One trace leads from the API to the mail."""

import json


def test_the_execution_goes_on_with_the_apis_trace(issued):
    [started] = [
        json.loads(body)
        for action, body in issued.at.proxy.calls
        if action == "StartExecution" and json.loads(body)["name"] == issued.request_id
    ]
    api = issued.at.ready["functions"]["ApiFunction"]
    [traced] = {
        record["xray_trace_id"]
        for record in issued.at.log(holding=issued.request_id)[0]
        if record.get("function") == api and record["xray_trace_id"] in started["traceHeader"]
    }

    assert started["traceHeader"].startswith(f"Root={traced};")
