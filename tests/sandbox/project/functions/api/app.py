"""Gives back the event that it got; ``/break`` and ``/nonsense`` fail."""


def handler(event, context):
    match event["rawPath"].split("/")[1:]:
        case ["break"]:
            raise ValueError("broken")
        case ["nonsense"]:
            return {"statusCode": "twelve"}
    return {"event": event}
