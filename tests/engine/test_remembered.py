"""What is remembered is right, and not more than there is room for."""

from assumable.engine.remembered import Remembered


def test_when_too_much_is_remembered_all_is_forgotten() -> None:
    known = Remembered[int, str](2)
    for number in range(3):
        known[number] = str(number)
    assert dict(known) == {2: "2"}
