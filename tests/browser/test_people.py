"""The page of people: an open server gets a password, then users, and what they may do."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import attrs
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, SCHEME, Host, served

PASSWORD = "chalk and blackboard"
SECRET = "a secret of mine"
OTHER_SECRET = "another secret of mine"


@pytest.fixture
def own_host(tmp_path: Path) -> Iterator[Host]:
    """A server of the test's own, because it does not stay open."""
    with served(tmp_path / "projects") as host:
        yield host


@pytest.fixture
def pages(browser: Browser) -> Iterator[list[Page]]:
    """Two pages, of two persons."""
    contexts = [browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=SCHEME) for _ in range(2)]
    for context in contexts:
        context.set_default_timeout(PATIENCE * 1000)
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def log_in(page: Page, user: str, password: str) -> None:
    page.get_by_label("User", exact=True).fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def press(page: Page, row: str, name: str) -> None:
    page.get_by_role("row", name=re.compile(row)).get_by_role("button", name=name).click()


def test_a_server_gets_users_and_a_student_sees_one_lab(own_host: Host, pages: list[Page]) -> None:
    teacher, student = pages
    for name in ("lab 1", "lab 2"):
        own_host.request("POST", "/v2/projects", {"name": name, "project_id": str(uuid4()), "auto_close": False})
    teacher.goto(f"{own_host.url}/people")
    teacher.get_by_role("button", name="New user").click()
    dialog = teacher.get_by_role("dialog")
    dialog.get_by_label("User name").fill("ann")
    dialog.get_by_label("Password").fill(SECRET)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("password")  # of the administrator: it comes first
    dialog.get_by_role("button", name="Cancel").click()
    teacher.get_by_role("button", name="Set the administrator").click()
    dialog.get_by_label("New password").fill(PASSWORD)
    dialog.get_by_label("The same again").fill("chalk and black bread")
    dialog.get_by_role("button", name="Set").click()
    expect(dialog.get_by_text("The two passwords differ.")).to_be_visible()
    dialog.get_by_label("The same again").fill(PASSWORD)
    dialog.get_by_role("button", name="Set").click()

    log_in(teacher, "admin", "wrong")
    expect(teacher.get_by_role("alert")).to_contain_text("wrong")
    log_in(teacher, "admin", PASSWORD)
    expect(teacher.locator("#account")).to_contain_text("admin")
    teacher.get_by_role("button", name="New user").click()
    dialog.get_by_label("User name").fill("admin")
    dialog.get_by_label("Password").fill(SECRET)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.locator(".error:visible")).to_contain_text("admin")
    dialog.get_by_label("User name").fill("ann")
    dialog.get_by_role("button", name="Create").click()
    expect(teacher.get_by_role("row", name=re.compile("^ann"))).to_be_visible()
    teacher.get_by_role("button", name="New group").click()
    dialog.get_by_label("Name").fill("students")
    dialog.get_by_role("button", name="Create").click()
    press(teacher, "^students", "Members")
    dialog.get_by_label("ann").check()
    dialog.get_by_role("button", name="Save").click()
    teacher.get_by_role("button", name="New role").click()
    dialog.get_by_label("Name").fill("Looker")
    dialog.get_by_label("What it is for").fill("may look")
    dialog.get_by_label("Begin with").select_option("Auditor")
    dialog.get_by_role("button", name="Create").click()
    expect(teacher.get_by_role("row", name=re.compile("^Looker may look"))).to_be_visible()
    teacher.get_by_role("button", name="New permission").click()
    dialog.get_by_role("button", name="Create").click()  # nothing is chosen
    dialog.get_by_label("Who").select_option("students")
    dialog.get_by_label("Role").select_option("Looker")
    dialog.get_by_label("Where").select_option("lab 1")
    dialog.get_by_role("button", name="Create").click()
    expect(teacher.get_by_role("row", name=re.compile("group students may Looker project lab 1"))).to_be_visible()
    expect(teacher.get_by_role("row", name=re.compile("admin create user: ann$"))).to_be_visible()

    student.goto(own_host.url)
    log_in(student, "ann", SECRET)
    expect(student.get_by_role("link", name="lab 1")).to_be_visible()
    expect(student.get_by_role("link", name="lab 2")).to_have_count(0)
    student.get_by_role("link", name="lab 1").click()
    expect(student.get_by_text("You may look at this lab, but not change it.")).to_be_visible()
    add = student.get_by_role("button", name="Add node")
    expect(add).to_be_disabled()
    expect(add).to_have_attribute("title", re.compile("You may not add or delete nodes here"))

    # Everything that changes the lab says so before it is tried, and reading goes on.
    student.get_by_role("button", name="Settings", exact=True).click()
    settings = student.get_by_role("dialog", name="Settings of the project")
    expect(settings.get_by_text("You may not change the project here")).to_be_visible()
    expect(settings.get_by_label("Name", exact=True)).to_be_disabled()
    settings.get_by_role("button", name="Close").click()
    admin = attrs.evolve(own_host, credentials=("admin", PASSWORD))
    lab = urlsplit(student.url).path.rpartition("/")[2]
    admin.request("POST", f"/v2/projects/{lab}/close")
    student.goto(f"{own_host.url}/projects/{lab}")
    expect(student.get_by_text("lab 1 is closed.")).to_be_visible()
    admin.request("POST", f"/v2/projects/{lab}/open")
    expect(student.get_by_role("button", name="Add node")).to_be_visible()

    student.get_by_role("button", name="ann: change your password").click()
    student.get_by_label("New password").fill(OTHER_SECRET)
    student.get_by_label("The same again").fill(OTHER_SECRET)
    student.get_by_role("button", name="Change", exact=True).click()
    expect(student.locator("#messages")).to_contain_text("Your password is changed.")
    student.goto(own_host.url)
    expect(student.get_by_role("link", name="lab 1")).to_be_visible()
    press(teacher, "^ann", "Lock out")
    expect(student.get_by_text("Your login has ended.")).to_be_visible()
    press(teacher, "^ann", "Let in")
    expect(teacher.get_by_role("button", name="Lock out")).to_be_visible()
    log_in(student, "ann", OTHER_SECRET)
    expect(student.get_by_role("link", name="lab 1")).to_be_visible()

    student.goto(f"{own_host.url}/images")
    expect(student.get_by_text("You may not see images here")).to_be_visible()
    student.goto(f"{own_host.url}/projects/{lab}")
    expect(student.get_by_text("You may look at this lab, but not change it.")).to_be_visible()
    press(teacher, "^group students may", "Remove")
    dialog.get_by_role("button", name="Remove").click()
    expect(teacher.get_by_role("row", name=re.compile("group students may"))).to_have_count(0)
    expect(student.get_by_text("You may not see lab 1 any more.")).to_be_visible()
    student.get_by_role("link", name="Projects", exact=True).click()
    expect(student.get_by_text("There is no lab that you may see")).to_be_visible()
    expect(student.get_by_role("button", name="New project")).to_be_disabled()
    press(teacher, "^ann", "Delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(teacher.get_by_role("row", name=re.compile("^ann"))).to_have_count(0)
    expect(student.get_by_role("button", name="Log in")).to_be_visible()
    teacher.evaluate(
        "localStorage.setItem('gns3trio.copied', 'nodes'); sessionStorage.setItem('gns3trio.drafts.x', '[]')"
    )
    teacher.get_by_role("button", name="Log out").click()
    dialog.get_by_role("button", name="Log out").click()  # something was typed and not saved
    expect(teacher.get_by_role("button", name="Log in")).to_be_visible()
    left = teacher.evaluate("[localStorage, sessionStorage].flatMap((each) => Object.keys(each))")
    assert not [key for key in left if key.startswith("gns3trio.")]
    assert admin.request("GET", "/v2/account")["username"] == "admin"
