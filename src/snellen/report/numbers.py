"""How numbers are printed: shares as percentages, others with three decimals, a true minus sign."""

from __future__ import annotations

from dataclasses import dataclass

from snellen.core import Finding, Interval

_SHARE = "share"
_MARGIN = 2.5  # per cent of a drawing's width


def number(value: float, unit: str = "") -> str:
    """0.905 and "share" → 90.5 %; 0.2083 → 0.208; 1234.5 → 1,234. Other units are named beside the number: see `named`."""
    if unit == _SHARE:
        return _signed(f"{100 * value:.{_percent_decimals(value)}f} %")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"
    return _signed(text)


def named(unit: str) -> str:
    """The unit to print beside a number; nothing where `number` has said it."""
    return "" if unit == _SHARE else unit


def between(low: float, high: float, unit: str = "") -> str:
    """[0.86, 0.94], or [86.2, 93.8] for shares in per cent; a third decimal where two would hide the width."""
    if unit == _SHARE:
        low, high = 100 * low, 100 * high
        decimals = 1 if high - low >= 0.5 else 2
    else:
        decimals = 0 if abs(high) >= 1000 else 1 if abs(high) >= 100 else 2 if high - low >= 0.05 else 3
    return _signed(f"[{low:,.{decimals}f}, {high:,.{decimals}f}]")


def interval(of: Interval | None, unit: str = "") -> str:
    """The interval in brackets, or nothing."""
    return between(of.low, of.high, unit) if of else ""


@dataclass(frozen=True)
class Scale:
    """The axis a finding is drawn on."""

    low: float
    high: float
    unit: str

    def place(self, value: float) -> float:
        """Per cent of the drawing's width, clipped to the axis, which leaves a margin for marks at its ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(_MARGIN + (100 - 2 * _MARGIN) * min(max(share, 0.0), 1.0), 2)

    @property
    def ends(self) -> tuple[str, str]:
        """The names of both ends."""
        if self.unit == _SHARE:
            return _signed(f"{100 * self.low:.0f} %"), f"{100 * self.high:.0f} %"
        return _signed(f"{self.low:.4g}"), _signed(f"{self.high:.4g}")


def scale(values: list[float], unit: str) -> Scale:
    """0..1 where all values lie in it, -1..1 where they do not but fit, otherwise from 0 to a round number beyond."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low >= 0 and high <= 1:
        return Scale(0.0, 1.0, unit)
    if low >= -1 and high <= 1:
        return Scale(-1.0, 1.0, unit)
    return Scale(-_beyond(-low) if low < 0 else 0.0, _beyond(high) if high > 0 else 0.0, unit)


def symmetric(values: list[float], unit: str) -> Scale:
    """An axis with zero in its middle that holds all values, for differences."""
    far = max((abs(value) for value in values), default=1.0) or 1.0
    end = next((end for end in (0.05, 0.1, 0.2, 0.5, 1.0) if end >= far), 0.0) or _beyond(far)
    return Scale(-end, end, unit)


def numbers_of(finding: Finding) -> list[float]:
    """All numbers a finding holds."""
    found = [finding.value, finding.chance]
    if finding.interval:
        found += [finding.interval.low, finding.interval.high]
    if finding.human:
        found += [finding.human.value, finding.human.low, finding.human.high]
    return [value for value in found if value is not None]


def spoken(finding: Finding) -> str:
    """What the drawing of a finding shows, in words."""
    if finding.value is None:
        return finding.reason or ""
    parts = [f"{number(finding.value, finding.unit)} {named(finding.unit)}".rstrip()]
    if finding.interval:
        parts.append(f"{100 * finding.interval.level:g} % interval {interval(finding.interval, finding.unit)}")
    if finding.chance is not None:
        parts.append(f"chance {number(finding.chance, finding.unit)}")
    if finding.human:
        parts.append(f"{finding.human.label} {number(finding.human.value, finding.unit)}")
    return ", ".join(parts)


def _beyond(value: float) -> float:
    power = 10.0
    while power < value:
        power *= 10
    return next(step * power / 10 for step in (1, 2, 5, 10) if step * power / 10 >= value)


def _percent_decimals(share: float) -> int:
    return 2 if 0 < abs(share) < 0.01 else 1


def _signed(text: str) -> str:
    return text.replace("-", "−")
