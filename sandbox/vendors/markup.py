"""The parts of a text that a vendor acts upon: GitLab's quick actions and mentions, HTML that Zendesk strips."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

FENCE = re.compile(r" {0,3}(?P<fence>`{3,}(?=[^`]*$)|~{3,})")
QUICK_ACTION = re.compile(r"/(?P<name>[A-Za-z_]+)(?:[ \t]+(?P<argument>.*))?\s*$")
MENTION = re.compile(r"(?<!\w)@\w[\w.-]*")
BACKTICKS = re.compile(r"\\`|`+")
QUICK_ACTIONS = {
    *("assign", "award", "blocked_by", "blocks", "cc", "clear_weight", "clone", "close", "confidential"),
    *(
        "copy_metadata",
        "create_merge_request",
        "done",
        "due",
        "duplicate",
        "epic",
        "estimate",
        "health_status",
    ),
    *("iteration", "label", "labels", "link", "lock", "milestone", "move", "promote", "publish", "react"),
    *("reassign", "relabel", "relate", "remove_due_date", "remove_estimate", "remove_iteration"),
    *("remove_milestone", "remove_time_spent", "reopen", "severity", "shrug", "spend", "spent", "subscribe"),
    *("tableflip", "title", "todo", "type", "unassign", "unlabel", "unlink", "unlock", "unsubscribe"),
    *("weight", "zoom"),
}
KEPT_TAGS = {
    *("a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p"),
    *("pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"),
}


@dataclass
class Reading:
    """A text as GitLab takes it: what is kept of it, and what it acts upon.

    ``actions`` are (name, argument) in their order; ``suspects`` are lines that only happen to name no quick action.
    """

    kept: str = ""
    actions: list[tuple[str, str]] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    mentions: list[str] = field(default_factory=list)


def read_markdown(text: str) -> Reading:
    """Takes the quick actions, lines that begin with ``/`` outside code fences, out of the text, as GitLab does.

    Lines end at LF, CR LF or CR. A fence follows CommonMark: at least three backticks or tildes, indented by at
    most three blanks, closed by at least as many; an unclosed one lasts to the end.
    """
    reading, kept, prose = Reading(), list[str](), list[str]()
    fence = ""
    for line in re.split(r"\r\n|\n|\r", text):
        if fence:
            kept.append(line)
            if re.fullmatch(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*", line):
                fence = ""
        elif opened := FENCE.match(line):
            fence = opened["fence"]
            kept.append(line)
            prose.append("")
        elif (action := QUICK_ACTION.match(line)) and action["name"].lower() in QUICK_ACTIONS:
            reading.actions.append((action["name"].lower(), (action["argument"] or "").strip()))
        else:
            kept.append(line)
            prose.append(line)
    reading.kept = "\n".join(kept)
    reading.suspects = [line for line in prose if re.match(r"/[A-Za-z_]", line)]
    reading.mentions = find_mentions("\n".join(prose))
    return reading


def find_mentions(prose: str) -> list[str]:
    """The names after an @ that GitLab would notify, in a text without fences; code spans are skipped."""
    paragraphs = re.split(r"\n[ \t]*\n", prose)
    return [
        mention for paragraph in paragraphs for mention in MENTION.findall(_without_code_spans(paragraph))
    ]


def _without_code_spans(paragraph: str) -> str:
    """A span runs from a row of backticks to the next row of the same length; a row after a backslash opens none."""
    outside, position = [], 0
    while opening := BACKTICKS.search(paragraph, position):
        closing = re.compile(rf"(?<!`){opening[0]}(?!`)").search(paragraph, opening.end())
        if opening[0].startswith("\\") or closing is None:
            outside.append(paragraph[position : opening.end()])
            position = opening.end()
        else:
            outside.append(paragraph[position : opening.start()])
            position = closing.end()
    return " ".join([*outside, paragraph[position:]])


class HtmlReading(HTMLParser):
    """HTML as Zendesk takes it: its plain ``text``, and the tags that are ``stripped`` from it."""

    def __init__(self, marked_up: str):
        super().__init__()
        self.text = ""
        self.stripped: list[str] = []
        self.feed(marked_up)
        self.close()
        self.text = self.text.strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        active = any(
            name.startswith("on") or (value or "").startswith("javascript:") for name, value in attrs
        )
        if tag not in KEPT_TAGS or active:
            self.stripped.append(self.get_starttag_text() or tag)
        if tag in ("br", "p", "li", "div", "tr"):
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += data
