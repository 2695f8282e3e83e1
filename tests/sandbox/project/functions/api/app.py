"""Gives back the event it got; breaks on /break, and says something else on /say/..."""

import os
import time


def handler(event, context):
    match event["rawPath"].split("/")[1:]:
        case ["break"]:
            raise ValueError("broken")
        case ["exit"]:
            os._exit(1)
        case ["plain"]:
            return "just text"
        case ["nothing"]:
            return {"statusCode": 204}
        case ["binary"]:
            return {
                "statusCode": 200,
                "isBase64Encoded": True,
                "body": "/wA=",
                "headers": {"content-type": "image/x"},
            }
        case ["slow"]:
            time.sleep(0.2)
        case ["nonsense"]:
            return {"statusCode": "twelve"}
    return {"event": event}
