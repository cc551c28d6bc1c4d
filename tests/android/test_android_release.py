"""What would break the app's release build: rules, merged manifest, versions, what is packed."""

import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

from keras_madd.faces.detect import MODEL_FILES

ANDROID = Path(__file__).parents[2] / "android_demo"
TYPECHECK = ANDROID / "typecheck"
NAME = "{http://schemas.android.com/apk/res/android}name"
REQUIRED = NAME.replace("name", "required")
EXPORTED = NAME.replace("name", "exported")
GRADLE = (ANDROID / "app" / "build.gradle.kts").read_text("utf-8")
MANIFEST = (ANDROID / "app/src/main/AndroidManifest.xml").read_text("utf-8")
RULES = (ANDROID / "app" / "proguard-rules.pro").read_text("utf-8")
OWN = "org.kerasmadd.demo.DYNAMIC_RECEIVER_NOT_EXPORTED_PERMISSION"


@pytest.fixture
def merging(monkeypatch):
    monkeypatch.syspath_prepend(str(TYPECHECK))
    import merge_manifests

    yield merge_manifests
    sys.modules.pop("merge_manifests", None)


def merged(merging, build=GRADLE, app=MANIFEST):
    return merging.merge(app, [path.read_text("utf-8") for path in merging.libraries(build)])


def permissions(root):
    return {element.get(NAME) for element in root.iter("uses-permission")}


def names(root, *tags):
    return {element.get(NAME) for tag in tags for element in root.find("application").iter(tag)}


def test_the_merged_manifest_asks_for_the_camera_and_for_nothing_else(merging):
    assert permissions(merged(merging)) == {"android.permission.CAMERA", OWN}
    # Even where a library brings the delivery of models along again.
    every = merged(merging, build="")
    assert permissions(every) == {"android.permission.CAMERA", OWN}


def test_each_permission_that_is_removed_would_be_there_otherwise(merging):
    removals = re.findall(r"<uses-permission [^>]*remove[^>]*/>", MANIFEST)
    assert len(removals) == 7
    for removal in removals:
        name = re.search(r'android:name="([^"]+)"', removal).group(1)
        without = permissions(merged(merging, build="", app=MANIFEST.replace(removal, "")))
        # Of Wi-Fi nothing in the fixtures asks; taking it out costs nothing.
        assert (name in without) == (not name.endswith("WIFI_STATE")), name


def test_nothing_of_the_libraries_runs_by_itself_or_is_open_to_other_apps(merging):
    root = merged(merging)
    assert names(root, "service") == {"androidx.camera.core.impl.MetadataHolderService"}
    assert names(root, "provider") == {
        "androidx.core.content.FileProvider",
        "androidx.startup.InitializationProvider",
    }
    exported = {element.get(NAME) for element in root.iter() if element.get(EXPORTED) == "true"}
    # The second takes orders from `adb shell` alone: it asks for DUMP.
    assert exported == {".MainActivity", "androidx.profileinstaller.ProfileInstallReceiver"}
    assert not any("node" in name for element in root.iter() for name in element.attrib)


def test_without_the_exclusion_schedulers_and_databases_would_come_along(merging):
    assert any(name.startswith("androidx.work.") for name in names(merged(merging, ""), "service"))


def test_no_feature_is_required_and_those_that_the_camera_implies_are_named(merging):
    features = {each.get(NAME): each.get(REQUIRED) for each in merged(merging).iter("uses-feature")}
    assert set(features.values()) == {"false"}
    assert {"android.hardware.camera", "android.hardware.camera.autofocus"} <= set(features)


def test_a_library_does_not_overrule_the_app(merging):
    library = (
        '<manifest xmlns:android="http://schemas.android.com/apk/res/android">'
        '<application><activity android:name=".MainActivity" android:exported="false"/>'
        '<activity android:name="lib.Other"/></application></manifest>'
    )
    root = merging.merge(MANIFEST, [library])
    activities = {each.get(NAME): each.get(EXPORTED) for each in root.iter("activity")}
    assert activities[".MainActivity"] == "true"
    assert "lib.Other" in activities


@pytest.mark.parametrize("kept", ["com.google.common.flogger.**", "com.google.mediapipe.**"])
def test_shrinking_keeps_what_is_looked_up_by_name(kept):
    assert f"-keep class {kept} {{ *; }}" in RULES


def test_what_is_left_out_on_purpose_does_not_end_the_build():
    assert 'exclude(group = "com.google.android.play")' in GRADLE
    for left_out in ("com.google.android.play", "com.google.android.gms"):
        assert f"-dontwarn {left_out}.**" in RULES


def test_any_new_jdk_builds_it():
    for path in ANDROID.glob("*/build.gradle.kts"):
        text = path.read_text("utf-8")
        assert "jvmToolchain" not in text, "asks for a JDK that may not be there"
        assert "jvmTarget = JvmTarget.JVM_" in text


def test_versions_fit_each_other():
    with open(ANDROID / "gradle" / "libs.versions.toml", "rb") as file:
        versions = tomllib.load(file)["versions"]
    wrapper = (ANDROID / "gradle/wrapper/gradle-wrapper.properties").read_text()
    gradle = re.search(r"gradle-([\d.]+)-bin", wrapper).group(1)
    numbers = {name: tuple(map(int, text.split("."))) for name, text in versions.items()}
    # Android's plugin 8.13 asks for Gradle 8.13 or newer; Kotlin 2.3 supports it.
    assert numbers["agp"] >= (8, 13, 2)
    assert numbers["agp"][:2] == (8, 13)
    assert tuple(map(int, gradle.split("."))) >= (8, 13)
    assert numbers["kotlin"][:2] == (2, 3)
    runner = (ANDROID / "app/src/main/kotlin/org/kerasmadd/demo/model/LiteRtRunner.kt").read_text()
    # A newer runtime must not take the programs that an older one compiled.
    assert f'RUNTIME = "LiteRT {versions["litert"]}"' in runner


def test_only_face_models_that_are_used_are_packed():
    listed = re.search(r"names = listOf\(([^)]*)\)", GRADLE).group(1)
    packed = set(re.findall(r'"([\w.]+)"', listed))
    assert packed == {MODEL_FILES["short"].name, MODEL_FILES["full"].name, "NOTICE"}
    assert (MODEL_FILES["short"].parent / "NOTICE").is_file()


def test_models_stay_mappable_and_native_code_aligned():
    assert 'noCompress += "tflite"' in GRADLE
    assert "useLegacyPackaging = false" in GRADLE


@pytest.fixture
def check_apk(monkeypatch):
    monkeypatch.syspath_prepend(str(TYPECHECK))
    import check_apk

    yield check_apk
    for name in ("check_apk", "prepare", "merge_manifests"):
        sys.modules.pop(name, None)


def test_the_look_inside_a_package_sees_what_is_wrong(check_apk, tmp_path):
    models = [f"assets/faces/{name}" for name in check_apk.packed_face_models()]
    path = tmp_path / "made.apk"
    with zipfile.ZipFile(path, "w") as archive:
        for name in models:
            archive.writestr(name, "a model")
        archive.writestr("assets/model.tflite", "a" * 99, zipfile.ZIP_DEFLATED)
        archive.writestr("assets/faces/face_landmark.tflite", "b")
    with zipfile.ZipFile(path) as archive:
        problems = "\n".join(check_apk.entries(archive))
        first = archive.infolist()[0]
        at = check_apk.data_offset(archive, first)
    assert path.read_bytes()[at : at + 7] == b"a model"
    assert "assets/model.tflite is compressed" in problems
    assert "face_landmark.tflite is packed and not used" in problems
    assert "face_detection_short_range.tflite is not aligned to 16384 bytes" in problems


def test_the_fixtures_say_whose_they_are():
    for path in (TYPECHECK / "manifests").glob("*.xml"):
        assert re.search(r"<!-- Of \S+.* \d+\.\d+", path.read_text("utf-8"), re.DOTALL), path.name
        ElementTree.parse(path)


def test_a_workflow_builds_lints_and_looks_inside():
    text = (ANDROID.parent / ".github/workflows/android.yml").read_text("utf-8")
    for part in ("assembleRelease", ":app:lint", "dump permissions", "-P 16"):
        assert part in text
