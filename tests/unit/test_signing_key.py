"""What an operator does with a key before it is stored."""

import json
from pathlib import Path

import pytest

from mechanizer.rules.license import SigningKey
from scripts.signing_key import main


@pytest.fixture
def pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The files of a new pair; ``capsys`` has what was printed."""
    assert main(["new", str(tmp_path / "trial")]) == 0
    return [str(tmp_path / "trial" / name) for name in ("signing_key.pem", "public_key.pem")]


def test_a_new_pair_is_shown_by_its_fingerprint_and_is_good_and_for_its_owner_alone(
    pair: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    key = SigningKey.load(Path(pair[0]).read_text())
    assert key.fingerprint in capsys.readouterr().err

    assert main(["check", *pair]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"Good: RSA, 2048 bits, public key sha256:{key.fingerprint}\n"
    assert "PRIVATE" not in captured.out + captured.err
    assert Path(pair[0]).stat().st_mode & 0o077 == 0


def test_the_secret_is_what_the_function_reads(pair: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["secret", *pair]) == 0

    value = json.loads(capsys.readouterr().out)
    assert set(value) == {"private_key", "public_key"}
    assert SigningKey.load(value["private_key"], value["public_key"]).public_pem == Path(pair[1]).read_text()


def test_no_key_is_overwritten(pair: list[str]) -> None:
    before = Path(pair[0]).read_text()

    assert main(["new", str(Path(pair[0]).parent)]) == 2
    assert Path(pair[0]).read_text() == before


def test_a_wrong_pair_is_reported(
    pair: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["new", str(tmp_path / "other")])

    assert main(["secret", pair[0], str(tmp_path / "other/public_key.pem")]) == 1
    captured = capsys.readouterr()
    assert "not a pair" in captured.err
    assert "private_key" not in captured.out


@pytest.mark.parametrize(
    "arguments", [[], ["check"], ["check", "a", "b", "c"], ["check", "no-such-file.pem"]]
)
def test_what_cannot_be_done_is_exit_2(arguments: list[str]) -> None:
    assert main(arguments) == 2
