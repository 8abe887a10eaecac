"""Settings: what an operator may say, in which words it is refused, and what never shows."""

from __future__ import annotations

import os
import zoneinfo
from datetime import date
from pathlib import Path

import pytest

from unthread_mcp.settings import API_URL, IN_MEMORY, OPTIONS, Settings, SettingsError, read_settings

KEY = "uk_live_0123456789abcdef"


def test_without_any_environment_the_defaults_hold_and_only_the_key_is_missing() -> None:
    settings = read_settings({})
    assert (settings.access, settings.confirm, settings.answers) == ("reply", "auto", "text")
    assert settings.toolsets == {"default"}
    assert settings.api_url == API_URL
    assert settings.timezone.key == "UTC"
    assert settings.sandbox is None
    assert settings.api_key is None
    assert settings.api_key_problem.startswith("No API key is set.")
    assert settings.notes == ()


def test_each_option_states_its_real_default() -> None:
    fields = Settings()
    stated = {option.sets: option.parse(option.default) for option in OPTIONS if option.sets and option.default}
    assert stated == {name: getattr(fields, name) for name in stated}
    assert len(stated) == 10


def test_every_field_of_the_settings_but_what_is_found_out_can_be_set() -> None:
    found_out = {"api_key", "api_key_problem", "api_key_source", "state_file", "notes"}
    assert {option.sets for option in OPTIONS if option.sets} == set(Settings.__dataclass_fields__) - found_out


def test_a_flag_overrides_the_environment() -> None:
    settings = read_settings({"UNTHREAD_ACCESS": "admin"}, {"UNTHREAD_ACCESS": "read"})
    assert settings.access == "read"


def test_a_sandbox_may_stand_on_a_day_of_its_own() -> None:
    assert read_settings({"UNTHREAD_SANDBOX": "1", "UNTHREAD_SANDBOX_DATE": " 2026-11-20 "}).sandbox_date == date(
        2026, 11, 20
    )
    with pytest.raises(SettingsError, match=r"is 'Friday', which is no date\. Write it like 2026-11-20\."):
        read_settings({"UNTHREAD_SANDBOX_DATE": "Friday"})


@pytest.mark.parametrize("empty", ["", "  "])
def test_what_is_empty_counts_as_not_set(empty: str) -> None:
    assert read_settings({"UNTHREAD_ACCESS": empty}).access == "reply"


def test_a_placeholder_that_nothing_filled_in_counts_as_not_set_and_is_noted() -> None:
    settings = read_settings({"UNTHREAD_TIMEZONE": "${user_config.zone}"})
    assert settings.timezone.key == "UTC"
    assert settings.notes == (
        "UNTHREAD_TIMEZONE is the placeholder ${user_config.zone}, which nothing filled in: not set.",
    )


@pytest.mark.parametrize("variable", ["UNTHREAD_ALLOWED_CUSTOMERS", "UNTHREAD_ACCESS", "UNTHREAD_CONFIRM"])
@pytest.mark.parametrize("text", ["${user_config.limit}", " ${x} ", "c1,${more}"])
def test_a_limit_that_nothing_filled_in_refuses_to_start(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=rf"{variable} is the placeholder .*, which nothing filled in\. Fill it in"):
        read_settings({variable: text})


@pytest.mark.parametrize("text", [",", " , ,"])
def test_a_list_of_customers_that_names_nobody_refuses_to_start(text: str) -> None:
    with pytest.raises(SettingsError, match="UNTHREAD_ALLOWED_CUSTOMERS names nobody"):
        read_settings({"UNTHREAD_ALLOWED_CUSTOMERS": text})


def test_a_misspelled_option_is_noted_with_the_nearest_one() -> None:
    settings = read_settings({"UNTHREAD_UPLOADS_DIR": "x", "PATH": "/bin", "UNTHREAD_API_KEY": KEY})
    (note,) = settings.notes
    assert (
        note == "UNTHREAD_UPLOADS_DIR is no option of this server and has no effect. Did you mean UNTHREAD_UPLOAD_DIR?"
    )


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("UNTHREAD_ACESS", "UNTHREAD_ACCESS"),
        ("UNTHREAD_ALLOWED_CUSTOMER", "UNTHREAD_ALLOWED_CUSTOMERS"),
        ("UNTHREAD_CONFRIM", "UNTHREAD_CONFIRM"),
        ("UNTHREAD_TOOL_SET", "UNTHREAD_TOOLSETS"),
    ],
)
def test_a_misspelled_limit_is_refused_since_it_would_limit_nothing(variable: str, meant: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_settings({variable: "read", "UNTHREAD_API_KEY": KEY})
    assert str(refusal.value) == (
        f"{variable} is no option of this server and has no effect. Write {meant}, or leave it out."
    )
    assert read_settings({variable: "", "UNTHREAD_API_KEY": KEY}).notes


@pytest.mark.parametrize(
    "variable", ["UNTHREAD_ACCOUNT", "UNTHREAD_CUSTOMERS", "UNTHREAD_CONFIG", "UNTHREAD_TOOLS_URL"]
)
def test_what_other_programs_may_have_is_no_misspelled_limit(variable: str) -> None:
    assert read_settings({variable: "x", "UNTHREAD_API_KEY": KEY}).notes


@pytest.mark.parametrize(
    ("variable", "text", "refusal"),
    [
        ("UNTHREAD_ACCESS", "root", "UNTHREAD_ACCESS is 'root'. Use one of: read, triage, reply, admin."),
        ("UNTHREAD_CONFIRM", "ask", "UNTHREAD_CONFIRM is 'ask'. Use one of: auto, always, never."),
        ("UNTHREAD_AUTORESPONSE", "maybe", "UNTHREAD_AUTORESPONSE is 'maybe'. Use 1 or 0."),
        ("UNTHREAD_TOOLSETS", ",", "UNTHREAD_TOOLSETS is empty. Use default, all, or names separated by commas."),
        (
            "UNTHREAD_TIMEZONE",
            "Middle/Earth",
            "UNTHREAD_TIMEZONE is 'Middle/Earth', which is no time zone. Use a name such as Europe/Berlin.",
        ),
        (
            "UNTHREAD_ALLOWED_CUSTOMERS",
            "good,good/../bad",
            "UNTHREAD_ALLOWED_CUSTOMERS has 'good/../bad', which is no customer id. Separate ids by commas.",
        ),
        (
            "UNTHREAD_WEBHOOK_HOSTS",
            "hooks.example.com,https://a.example",
            (
                "UNTHREAD_WEBHOOK_HOSTS has 'https://a.example', which is no host. "
                "Give names such as hooks.example.com, or *.example.com for all below."
            ),
        ),
        ("UNTHREAD_UPLOAD_DIR", "uploads", "UNTHREAD_UPLOAD_DIR is 'uploads'. Give the whole path of a directory."),
        ("UNTHREAD_DOWNLOAD_DIR", ".", "UNTHREAD_DOWNLOAD_DIR is '.'. Give the whole path of a directory."),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_option(
    variable: str, text: str, refusal: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({variable: text})
    assert str(refused.value) == refusal


def test_a_value_given_as_a_flag_is_refused_by_the_name_of_the_flag() -> None:
    with pytest.raises(SettingsError, match=r"^--access is 'root'\. "):
        read_settings({}, {"UNTHREAD_ACCESS": "root"})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://tenant.unthread.io/api/", "https://tenant.unthread.io/api"),
        ("http://localhost:8080/api", "http://localhost:8080/api"),
        ("http://127.0.0.1/api", "http://127.0.0.1/api"),
        ("http://[::1]:9/api", "http://[::1]:9/api"),
    ],
)
def test_the_address_of_the_api_is_https_or_on_this_machine(text: str, url: str) -> None:
    assert read_settings({"UNTHREAD_API_URL": text}).api_url == url


@pytest.mark.parametrize(
    "text",
    ["https://API.unthread.io/api", "HTTPS://api.unthread.io:443/api/", "https://api.unthread.io./api"],
)
def test_one_address_is_written_in_one_way(text: str) -> None:
    assert read_settings({"UNTHREAD_API_URL": text}).api_url == "https://api.unthread.io/api"


@pytest.mark.parametrize("text", ["http://api.unthread.io/api", "ftp://localhost/api", "http://127.0.0.1.evil.example"])
def test_an_address_without_encryption_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="Use an https address"):
        read_settings({"UNTHREAD_API_URL": text})


@pytest.mark.parametrize(
    "text",
    [
        "api.unthread.io/api",
        "https://someone:hunter2@api.unthread.io/api",
        "https://api.unthread.io/api?key=hunter2",
        "https://api.unthread.io/api#hunter2",
        "https://api.unthread.io:hunter2/api",
        "https://[hunter2/api",
        "http://someone:hunter2@elsewhere.example/api",
    ],
)
def test_an_address_with_more_in_it_is_refused_without_repeating_what_may_be_a_password(text: str) -> None:
    with pytest.raises(SettingsError, match="is no plain address") as refused:
        read_settings({"UNTHREAD_API_URL": text})
    assert "hunter2" not in str(refused.value)


def test_the_key_is_trimmed() -> None:
    assert read_settings({"UNTHREAD_API_KEY": f"  {KEY}\n"}).api_key == KEY


def test_a_bearer_prefix_is_left_out_and_noted() -> None:
    settings = read_settings({"UNTHREAD_API_KEY": f"Bearer {KEY}"})
    assert settings.api_key == KEY
    assert settings.notes == ("UNTHREAD_API_KEY began with “Bearer”, which Unthread does not want; it was left out.",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${UNTHREAD_API_KEY}", "UNTHREAD_API_KEY is the placeholder ${UNTHREAD_API_KEY}, which nothing filled in."),
        ("Bearer ${KEY}", "UNTHREAD_API_KEY is the placeholder ${KEY}, which nothing filled in."),
        ("uk_${KEY}", "UNTHREAD_API_KEY is the placeholder ${KEY}, which nothing filled in."),
        ("put-your-key-here", "UNTHREAD_API_KEY holds a placeholder, not a key."),
        ("<your key>", "UNTHREAD_API_KEY holds a placeholder, not a key."),
        ("YOUR_API_KEY", "UNTHREAD_API_KEY holds a placeholder, not a key."),
        ("xxxxxxxx", "UNTHREAD_API_KEY holds a placeholder, not a key."),
        ("two words", "UNTHREAD_API_KEY holds characters that no key has."),
        ("ключ", "UNTHREAD_API_KEY holds characters that no key has."),
        ("a\x07b", "UNTHREAD_API_KEY holds characters that no key has."),
    ],
)
def test_what_is_no_key_is_refused_in_words_that_do_not_repeat_it(text: str, problem: str) -> None:
    settings = read_settings({"UNTHREAD_API_KEY": text})
    assert settings.api_key is None
    assert settings.api_key_problem.startswith(problem)
    assert "{" in text or text not in settings.api_key_problem


def test_the_key_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(f"\ufeff{KEY}\r\n", "utf-8")  # as Notepad writes it
    assert read_settings({"UNTHREAD_API_KEY_FILE": str(file)}).api_key == KEY
    assert read_settings({}, {"UNTHREAD_API_KEY_FILE": str(file)}).api_key == KEY


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_key_in_a_file_that_others_may_read_is_remarked(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(KEY)
    for mode, notes in ((0o600, ()), (0o640, ("may read the key's file",)), (0o644, ("may read the key's file",))):
        file.chmod(mode)
        settings = read_settings({"UNTHREAD_API_KEY_FILE": str(file)})
        assert settings.api_key == KEY
        assert len(settings.notes) == len(notes)
        assert all(part in said for part, said in zip(notes, settings.notes, strict=True))


def test_a_key_in_the_environment_comes_before_one_in_a_file(tmp_path: Path) -> None:
    assert read_settings({"UNTHREAD_API_KEY": KEY, "UNTHREAD_API_KEY_FILE": str(tmp_path / "none")}).api_key == KEY


@pytest.mark.parametrize("name", ["missing.txt", "~nobody-of-that-name-here/key.txt"])
def test_a_file_that_cannot_be_read_is_named_by_its_option(tmp_path: Path, name: str) -> None:
    settings = read_settings({"UNTHREAD_API_KEY_FILE": name if name.startswith("~") else str(tmp_path / name)})
    assert settings.api_key is None
    assert settings.api_key_problem.startswith("The file named by UNTHREAD_API_KEY_FILE can't be read.")


def test_a_file_that_holds_no_text_or_nothing_gives_no_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe\x00")
    assert "can't be read" in read_settings({"UNTHREAD_API_KEY_FILE": str(file)}).api_key_problem
    file.write_bytes(b"\n")
    assert read_settings({"UNTHREAD_API_KEY_FILE": str(file)}).api_key_problem.startswith(
        "What UNTHREAD_API_KEY_FILE names is empty."
    )


def test_the_key_shows_in_no_representation() -> None:
    settings = read_settings({"UNTHREAD_API_KEY": KEY})
    assert settings.api_key == KEY
    assert KEY not in repr(settings)
    assert KEY not in str(settings)


@pytest.mark.parametrize("text", ["1", "true", "YES", "on", ":memory:"])
def test_the_sandbox_is_in_memory_unless_a_file_is_named(text: str) -> None:
    assert read_settings({"UNTHREAD_SANDBOX": text}).sandbox == IN_MEMORY


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_the_sandbox_can_be_switched_off(text: str) -> None:
    assert read_settings({"UNTHREAD_SANDBOX": text}).sandbox is None


def test_a_home_directory_in_a_path_is_resolved_as_no_shell_does_it_for_hosts() -> None:
    assert read_settings({"UNTHREAD_SANDBOX": "~/try.sqlite3"}).sandbox == str(Path.home() / "try.sqlite3")
    assert read_settings({"UNTHREAD_STATE_FILE": "~/sent.sqlite3"}).state_file == Path.home() / "sent.sqlite3"


def test_no_directory_is_open_to_agents_unless_the_operator_names_it(tmp_path: Path) -> None:
    assert (read_settings({}).upload_dir, read_settings({}).download_dir) == (None, None)
    settings = read_settings({"UNTHREAD_UPLOAD_DIR": str(tmp_path), "UNTHREAD_DOWNLOAD_DIR": "~/downloads"})
    assert (settings.upload_dir, settings.download_dir) == (tmp_path, Path.home() / "downloads")


def test_a_real_key_never_reaches_the_sandbox() -> None:
    settings = read_settings({"UNTHREAD_SANDBOX": "1", "UNTHREAD_API_KEY": f"Bearer {KEY}"})
    assert settings.api_key is None
    assert settings.api_key_problem == ""
    assert settings.notes == ()


def test_what_was_sent_is_remembered_in_the_state_directory_but_for_a_sandbox_in_memory(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    file = read_settings(environment).state_file
    assert file is not None
    assert file.is_relative_to(tmp_path)
    assert read_settings({**environment, "UNTHREAD_SANDBOX": "1"}).state_file is None
    assert read_settings({**environment, "UNTHREAD_SANDBOX": "some.sqlite3"}).state_file == file


@pytest.mark.parametrize("text", ["off", "0", "No", "none"])
def test_remembering_in_a_file_can_be_switched_off(text: str) -> None:
    assert read_settings({"UNTHREAD_STATE_FILE": text}).state_file is None


def test_a_time_zone_is_known_without_the_data_of_the_system() -> None:
    zoneinfo.reset_tzpath(to=())
    zoneinfo.ZoneInfo.clear_cache()
    try:
        assert read_settings({"UNTHREAD_TIMEZONE": "Asia/Kolkata"}).timezone.key == "Asia/Kolkata"
    finally:
        zoneinfo.reset_tzpath()


@pytest.mark.parametrize("text", ["1", "TRUE", " yes ", "on"])
def test_switches_take_the_usual_words(text: str) -> None:
    settings = read_settings({"UNTHREAD_AUTORESPONSE": text, "UNTHREAD_EMAIL_SEND_MARKER": "off"})
    assert settings.autoresponse
    assert not settings.email_send_marker


def test_customers_and_toolsets_are_lists_separated_by_commas() -> None:
    settings = read_settings({"UNTHREAD_ALLOWED_CUSTOMERS": " a1, b2 ,", "UNTHREAD_TOOLSETS": "Default, -Reporting"})
    assert settings.allowed_customers == {"a1", "b2"}
    hosts = read_settings({"UNTHREAD_WEBHOOK_HOSTS": "Hooks.Example.com, *.example.org"}).webhook_hosts
    assert hosts == {"hooks.example.com", "*.example.org"}
    assert settings.toolsets == {"default", "-reporting"}


def test_where_slack_user_groups_are_updated_is_the_operators_to_say() -> None:
    name = "UNTHREAD_SLACK_USER_GROUP_ENDPOINT"
    assert read_settings({}).options == frozenset()
    settings = read_settings({name: " patch /slack-user-groups/{id} "})
    assert settings.options == {name}
    endpoint = settings.slack_user_group_endpoint
    assert endpoint is not None
    assert (str(endpoint), endpoint.placeholders) == ("PATCH /slack-user-groups/{id}", ("id",))
    assert (endpoint.effect, endpoint.source) == ("changes", "operator")
    assert str(read_settings({name: "POST /slack/user-groups"}).slack_user_group_endpoint) == "POST /slack/user-groups"


@pytest.mark.parametrize(
    "wrong",
    [
        "/slack-user-groups",
        "GET /slack-user-groups",
        "DELETE /slack-user-groups",
        "PATCH slack-user-groups",
        "PATCH /slack-user-groups/",
        "PATCH //elsewhere.example/x",
        "PATCH https://elsewhere.example/x",
        "PATCH /a/../b",
        "PATCH /a?b=c",
        "PATCH /{a}/{b}",
        "PATCH /a{b}",
        "PATCH /{A-b}",
    ],
)
def test_a_method_or_path_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(
        SettingsError, match=r"Write a method and a path, such as PATCH /slack-user-groups/\{id\}, with"
    ):
        read_settings({"UNTHREAD_SLACK_USER_GROUP_ENDPOINT": wrong})


def test_of_several_places_for_the_key_the_first_counts_and_the_others_are_told() -> None:
    settings = read_settings(
        {"UNTHREAD_API_KEY": KEY, "UNTHREAD_API_KEY_FILE": "nowhere", "UNTHREAD_API_KEY_KEYRING": "unthread"}
    )
    assert (settings.api_key, settings.api_key_source) == (KEY, "UNTHREAD_API_KEY")
    assert settings.notes == (
        "UNTHREAD_API_KEY_FILE was not looked at: the key is that of UNTHREAD_API_KEY.",
        "UNTHREAD_API_KEY_KEYRING was not looked at: the key is that of UNTHREAD_API_KEY.",
    )
