"""The Android app's resources, manifest and versions, checked without any Android tool.

What needs one (types, linked resources, drawn screens) is in `android_demo/check.sh`.
"""

import hashlib
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from keras_madd.faces.detect import MODEL_FILES

ANDROID = Path(__file__).parents[2] / "android_demo"
MAIN = ANDROID / "app" / "src" / "main"
RES = MAIN / "res"
NAMESPACE = "{http://schemas.android.com/apk/res/android}"
TOOLS = "{http://schemas.android.com/tools}"
XML_FILES = [*sorted(RES.rglob("*.xml")), MAIN / "AndroidManifest.xml"]
LAYOUTS = sorted(RES.glob("layout*/*.xml"))
KOTLIN = sorted((MAIN / "kotlin").rglob("*.kt"))
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in KOTLIN)


def _root(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()


def _values(folder: str, tag: str) -> dict[str, str]:
    """Returns the values of one kind in a folder, by name."""
    return {
        element.get("name"): "".join(element.itertext()).strip()
        for path in sorted((RES / folder).glob("*.xml"))
        for element in _root(path).iter(tag)
    }


def _defined() -> dict[str, set[str]]:
    """Returns the names of all resources by kind."""
    defined = {kind: set(_values("values", kind)) for kind in ("string", "color", "plurals")}
    defined["style"] = set(_values("values", "style")) | set(_values("values-night", "style"))
    for kind in ("layout", "drawable", "xml", "mipmap"):
        defined[kind] = {path.stem for path in RES.glob(f"{kind}*/*")}
    text = "\n".join(path.read_text(encoding="utf-8") for path in LAYOUTS)
    ids = {item.get("name") for item in _root(RES / "values" / "ids.xml").iter("item")}
    defined["id"] = set(re.findall(r"@\+id/(\w+)", text)) | ids
    return defined


def test_every_resource_that_is_named_exists():
    defined = _defined()
    for path in XML_FILES:
        for kind, name in re.findall(
            r"[\">]@(\w+)/([\w.]+)[\"<]", path.read_text(encoding="utf-8")
        ):
            assert name in defined[kind], f"{path.name} names @{kind}/{name}"
    for kind, name in re.findall(r"(?<![.\w])R\.(\w+)\.(\w+)", SOURCE):
        assert name in {entry.replace(".", "_") for entry in defined[kind]}, f"R.{kind}.{name}"


def test_every_text_and_color_is_used():
    everything = SOURCE + "\n".join(path.read_text(encoding="utf-8") for path in XML_FILES)
    for kind in ("string", "color", "plurals"):
        for name in _defined()[kind]:
            used = re.search(rf"R\.{kind}\.{name}\b|@{kind}/{name}\b", everything)
            assert used, f"{kind} {name} is not used"


@pytest.mark.parametrize("kind", ["string", "plurals"])
def test_chinese_has_every_text_with_the_same_arguments(kind):
    english, chinese = _values("values", kind), _values("values-zh", kind)
    assert set(english) == set(chinese)
    for name, text in english.items():
        specifier = r"%(?:\d\$)?[\d.]*[a-z%]"
        expected, found = (set(re.findall(specifier, each)) for each in (text, chinese[name]))
        assert expected == found, name


def test_layouts_hold_no_text_of_their_own_and_describe_their_buttons():
    buttons = 0
    for path in LAYOUTS:
        for view in _root(path).iter():
            for attribute in ("text", "hint", "contentDescription"):
                value = view.get(NAMESPACE + attribute, "@")
                assert value.startswith("@"), f"{path.name}: {value!r} is not in strings.xml"
            if view.tag in ("ImageButton", "SeekBar"):
                buttons += 1
                assert view.get(NAMESPACE + "contentDescription"), f"{path.name}: {view.attrib}"
    assert buttons >= 7


def _luminance(color: str) -> float:
    """Returns the relative luminance of #AARRGGBB, as WCAG 2 defines it."""
    assert color.startswith("#FF"), f"{color} is see-through"
    channels = [int(color[at : at + 2], 16) / 255 for at in (3, 5, 7)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_right():
    assert _contrast("#FF000000", "#FFFFFFFF") == pytest.approx(21)
    assert _contrast("#FF777777", "#FFFFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("night", [False, True])
@pytest.mark.parametrize(
    ("text", "background"),
    [
        ("on_bar", "bar"),
        ("on_bar_soft", "bar"),
        ("on_banner", "banner"),
        ("on_verdict", "verdict_real"),
        ("on_verdict", "verdict_fake"),
        ("on_verdict", "verdict_unsure"),
        ("on_panel", "panel"),
        ("on_panel_soft", "panel"),
        ("on_accent", "accent"),
        ("on_bar", "icon_background"),
        ("line_real", "stage"),
        ("line_fake", "stage"),
    ],
)
def test_text_can_be_read(text, background, night):
    colors = _values("values", "color") | (_values("values-night", "color") if night else {})
    assert _contrast(colors[text], colors[background]) >= 4.5


def test_the_manifest_asks_for_the_camera_and_for_nothing_else():
    root = _root(MAIN / "AndroidManifest.xml")
    permissions = {
        element.get(NAMESPACE + "name").rsplit(".", 1)[1]: element.get(TOOLS + "node")
        for element in root.iter()
        if element.tag.startswith("uses-permission")
    }
    kept = {name for name, node in permissions.items() if node != "remove"}
    assert kept == {"CAMERA"}
    # Libraries bring these along; the merged manifest must not have them.
    assert {"INTERNET", "ACCESS_NETWORK_STATE"} <= set(permissions) - kept


def test_nothing_is_backed_up_or_open_to_other_apps():
    application = _root(MAIN / "AndroidManifest.xml").find("application")
    assert application.get(NAMESPACE + "allowBackup") == "false"
    assert application.get(NAMESPACE + "fullBackupContent") == "false"
    exported = [
        element.get(NAMESPACE + "name")
        for element in application
        if element.get(NAMESPACE + "exported") == "true"
    ]
    assert exported == [".MainActivity"]


def test_the_code_opens_no_connection():
    core = "\n".join(
        p.read_text("utf-8") for p in (ANDROID / "core" / "src" / "main").rglob("*.kt")
    )
    for word in ("java.net", "URLConnection", "okhttp", "Socket", "WebView", "DownloadManager"):
        assert word not in SOURCE + core, word


def test_versions_are_exact_and_the_same_everywhere():
    with open(ANDROID / "gradle" / "libs.versions.toml", "rb") as file:
        catalogue = tomllib.load(file)
    versions = catalogue["versions"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    for entry in (catalogue["libraries"] | catalogue["plugins"]).values():
        assert set(entry["version"]) == {"ref"}
    for pom in (ANDROID / "core" / "pom.xml", ANDROID / "typecheck" / "pom.xml"):
        text = pom.read_text(encoding="utf-8")
        assert f"<kotlin.version>{versions['kotlin']}<" in text
        assert f"<serialization.version>{versions['kotlinxSerialization']}<" in text


def test_stubs_name_the_versions_they_mirror():
    stubs = [path for path in (ANDROID / "typecheck" / "stubs").rglob("*") if path.is_file()]
    assert len(stubs) > 20
    for path in stubs:
        header = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.search(r"^// Signatures of .* \d+\.\d+.*Never packaged\.$", header), path


def test_the_build_takes_nothing_from_the_stubs():
    for path in [*ANDROID.glob("*.kts"), *ANDROID.glob("*/build.gradle.kts")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search("typecheck|stubs", text), path


def test_the_wrapper_is_the_one_that_gradle_publishes():
    wrapper = ANDROID / "gradle" / "wrapper"
    found = hashlib.sha256((wrapper / "gradle-wrapper.jar").read_bytes()).hexdigest()
    assert found in (wrapper / "NOTICE").read_text(encoding="utf-8")
    properties = (wrapper / "gradle-wrapper.properties").read_text(encoding="utf-8")
    assert re.search(r"^distributionSha256Sum=[0-9a-f]{64}$", properties, re.MULTILINE)


def test_face_models_are_the_python_packages_own():
    named = re.findall(r'"faces/([\w.]+)"', SOURCE)
    assert named == [MODEL_FILES["short"].name, MODEL_FILES["full"].name]
    # Gradle copies them; a second copy here could differ.
    copies = [path for path in ANDROID.rglob("*.tflite") if "faces" in path.name.lower()]
    assert not [path for path in copies if "build" not in path.parts]
    assert "keras_madd/faces/models" in (ANDROID / "app" / "build.gradle.kts").read_text("utf-8")


def test_sources_are_short():
    for path in KOTLIN:
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250, path.name
