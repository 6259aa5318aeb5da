"""How somebody works on the map: with a mouse and a keyboard, or with fingers. Nothing but pointers and keys."""

import re
import time
from typing import Protocol

import attrs
from playwright.sync_api import CDPSession, Locator, Page, expect

Point = tuple[float, float]

# Of the map, the scale and where its origin is in the window.
VIEW = """() => {
  const {a, e, f} = new DOMMatrix(getComputedStyle(document.querySelector('.map')).transform);
  const {left, top} = document.querySelector('.scene > svg').getBoundingClientRect();
  return [a, left + e, top + f];
}"""


def middle(what: Locator) -> Point:
    box = what.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


class Hands(Protocol):
    """What differs between a mouse and fingers."""

    @property
    def page(self) -> Page: ...

    def press(self, what: Locator) -> None: ...

    def press_at(self, place: Point) -> None: ...

    def drag(self, start: Point, end: Point) -> None: ...

    def surround(self, start: Point, end: Point) -> None:
        """Select what is in an area of the map. It goes on until `end_selecting`."""

    def also(self, node: Locator) -> None:
        """Select one more."""

    def end_selecting(self) -> None: ...

    def menu(self, place: Point, item: str) -> None:
        """Choose from the menu of a place on the map."""

    def do(self, name: str, key: str) -> None:
        """A command: fingers press its button, and who has a keyboard its key."""

    def begin_link(self, first: Locator, second: Locator) -> None: ...

    def show_map(self) -> None:
        """Let the whole map be seen, if details are over it."""


def at(hands: Hands, x: float, y: float) -> Point:
    """The point of the window at a point of the lab."""
    scale, left, top = hands.page.evaluate(VIEW)
    return left + scale * x, top + scale * y


def tool(page: Page, name: str) -> Locator:
    """A button above the map."""
    return page.locator(".tools").get_by_role("button", name=name, exact=True)


def node(page: Page, name: str) -> Locator:
    return page.locator(f".node[aria-label^='{name},'] image")


@attrs.frozen
class Mouse:
    """A mouse and a keyboard."""

    page: Page

    def press(self, what: Locator) -> None:
        what.click()

    def press_at(self, place: Point) -> None:
        self.page.mouse.click(*place)

    def drag(self, start: Point, end: Point) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def surround(self, start: Point, end: Point) -> None:
        self.page.keyboard.down("Shift")
        self.drag(start, end)
        self.page.keyboard.up("Shift")

    def also(self, node: Locator) -> None:
        node.click(modifiers=["Control"])

    def end_selecting(self) -> None:
        pass

    def menu(self, place: Point, item: str) -> None:
        self.page.mouse.click(*place, button="right")
        self.page.get_by_role("menuitem", name=re.compile(f"^{item}")).click()

    def do(self, name: str, key: str) -> None:
        self.page.keyboard.press(key)

    def begin_link(self, first: Locator, second: Locator) -> None:
        first.hover()
        self.drag(middle(self.page.locator("g.handle")), middle(second))

    def show_map(self) -> None:
        pass


@attrs.frozen
class Fingers:
    """Fingers on a small screen."""

    page: Page
    session: CDPSession

    def press(self, what: Locator) -> None:
        what.tap()

    def press_at(self, place: Point) -> None:
        self.page.touchscreen.tap(*place)

    def touch(self, name: str, *places: Point, ago: float = 0) -> None:
        """An event of fingers at these places, ``ago`` seconds before now."""
        points = [{"x": x, "y": y} for x, y in places]
        event = {"type": name, "touchPoints": points, "timestamp": time.time() - ago}
        self.session.send("Input.dispatchTouchEvent", event)

    def drag(self, start: Point, end: Point) -> None:
        # It rests at the end: a browser takes the next tap after a flick for one that stops the flick.
        self.touch("touchStart", start, ago=0.5)
        for part, ago in ((0.3, 0.4), (0.6, 0.3), (1, 0.2), (1, 0.1)):
            place = start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])
            self.touch("touchMove", place, ago=ago)
        self.touch("touchEnd")

    def pinch(self, x: float, y: float, before: float, after: float) -> None:
        """Move two fingers away from each other, or together."""
        self.touch("touchStart", (x - before, y), (x + before, y), ago=0.5)
        for away, ago in (((before + after) / 2, 0.4), (after, 0.3), (after, 0.2), (after, 0.1)):
            self.touch("touchMove", (x - away, y), (x + away, y), ago=ago)
        self.touch("touchEnd")

    def surround(self, start: Point, end: Point) -> None:
        select = tool(self.page, "Select")
        if select.get_attribute("aria-pressed") != "true":
            select.tap()
        self.drag(start, end)

    def also(self, node: Locator) -> None:
        node.tap()

    def end_selecting(self) -> None:
        tool(self.page, "Select").tap()

    def menu(self, place: Point, item: str) -> None:
        self.touch("touchStart", place)
        chosen = self.page.get_by_role("menuitem", name=re.compile(f"^{item}"))
        expect(chosen).to_be_visible()
        self.touch("touchEnd")
        chosen.tap()

    def do(self, name: str, key: str) -> None:
        tool(self.page, name).tap()

    def begin_link(self, first: Locator, second: Locator) -> None:
        first.tap()
        tool(self.page, "Add link").tap()
        second.tap()

    def show_map(self) -> None:
        less = self.page.get_by_role("button", name="Show less of the details")
        if less.is_visible():
            less.tap()
        self.page.wait_for_function("() => document.querySelector('aside').getAnimations().length === 0")
