"""Draws what a command has printed as a terminal would show it: `make demo | scripts/terminal_svg.py 'make demo' 'a request to the EES' 'its key is gone: register' > docs/demo.svg`.

    terminal_svg.py COMMAND FIRST LAST

FIRST and LAST are parts of lines: what comes before and after them is left out. Lines end after 112 columns. Ticks are green and
crosses red; nothing else is changed.
"""

import html
import sys

COLUMNS, WIDTH, HEIGHT, SIZE = 112, 7.83, 19, 13
GROUND, INK, SOFT, GOOD, BAD = "#14171c", "#e8ebf0", "#a9b2c0", "#7fdba6", "#ff9c97"


def spans(line):
    mark, rest = line[:1], line[1:]
    colour = {"✓": GOOD, "✗": BAD}.get(mark)
    if colour is None:
        return html.escape(line)
    return f'<tspan fill="{colour}">{mark}</tspan>{html.escape(rest)}'


def main():
    command, first, last = sys.argv[1:4]
    lines = sys.stdin.read().expandtabs().splitlines()
    start = next(number for number, line in enumerate(lines) if first in line)
    end = next(number for number, line in enumerate(lines) if number > start and last in line)
    shown = [line.rstrip() for line in lines[start : end + 1]]
    shown = [line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…" for line in shown]
    lines = [f"$ {command}", "…", *shown, "…", lines[-1].rstrip()]
    width = round(max(map(len, lines)) * WIDTH) + 40
    height = len(lines) * HEIGHT + 58
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="{SIZE}" fill="{INK}">'
    )
    print(f'<rect width="{width}" height="{height}" rx="10" fill="{GROUND}"/>')
    for number in range(3):
        print(f'<circle cx="{20 + 18 * number}" cy="18" r="5" fill="#343b47"/>')
    for number, line in enumerate(lines):
        fill = f' fill="{SOFT}"' if number == 0 else ""
        print(f'<text x="20" y="{50 + number * HEIGHT}" xml:space="preserve"{fill}>{spans(line)}</text>')
    print("</svg>")


if __name__ == "__main__":
    main()
