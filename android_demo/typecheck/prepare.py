"""Makes what the type check and the pictures need: R.java, linked resources, Android for a JVM.

    python3 prepare.py

Asks Maven for Android's runtime (Robolectric's build of Android 13, once; it is kept in Maven's own
folder), links the app's resources against it with aapt2, and puts everything into `target/`.
Resources that do not exist, wrong attributes and a broken manifest end it with aapt2's message.
"""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
APP = HERE.parent / "app" / "src" / "main"
TARGET = HERE / "target"
PACKAGE = "org.kerasmadd.demo"

# Debian's aapt2 reads the resource tables of Android 13 and older.
RUNTIME = "android-all-instrumented-13-robolectric-9030017-i7.jar"
RUNTIME_ARTIFACT = "org.robolectric:android-all-instrumented:13-robolectric-9030017-i7"
MONITOR = "monitor-1.8.0.aar"
MONITOR_ARTIFACT = "androidx.test:monitor:1.8.0:aar"


def run(command: list, what: str) -> None:
    """Runs a command; its output is shown only where it fails."""
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit(f"{what}: {command[0]} is not installed. Debian's package `aapt` has aapt2.")
    if done.returncode != 0:
        sys.exit(f"{what} failed:\n{done.stdout}{done.stderr}")


def fetch(artifact: str, folder: Path, name: str) -> Path:
    """Copies an artifact from Maven into a folder, unless it is there."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
        arguments = [f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        run(["mvn", "-q", "-B", plugin, *arguments], f"Fetching {artifact}")
    return path


def extract(archive: Path, names: dict) -> None:
    """Copies members of an archive to files, given as {member: file}."""
    with zipfile.ZipFile(archive) as source:
        for member, path in names.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.read(member))


def framework(runtime: Path) -> Path:
    """Returns the runtime's resource table as a package that aapt2 opens."""
    path = TARGET / "framework.apk"
    if not path.exists():
        with zipfile.ZipFile(runtime) as source, zipfile.ZipFile(path, "w") as package:
            for name in ("AndroidManifest.xml", "resources.arsc"):
                package.writestr(name, source.read(name))
    return path


def manifest() -> Path:
    """Returns the manifest as Gradle would fill it in, less what aapt2 10 does not know yet."""
    text = (APP / "AndroidManifest.xml").read_text(encoding="utf-8")
    text = text.replace("${applicationId}", PACKAGE)
    text = text.replace("<manifest ", f'<manifest package="{PACKAGE}" ', 1)
    lines = [line for line in text.splitlines() if "<uses-native-library" not in line]
    path = TARGET / "AndroidManifest.xml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def link(against: Path) -> None:
    """Compiles and links the resources; writes R.java and the package for Robolectric."""
    resources = TARGET / "resources"
    shutil.rmtree(resources, ignore_errors=True)
    (resources / "test" / "com" / "android" / "tools").mkdir(parents=True)
    compiled, package = resources / "compiled.zip", resources / "resources.apk"
    run(["aapt2", "compile", "--dir", APP / "res", "-o", compiled], "Compiling the resources")
    command = ["aapt2", "link", "-I", against, "--manifest", manifest(), "-o", package]
    command += ["--java", resources / "java", "--min-sdk-version", "26"]
    command += ["--target-sdk-version", "33", "-A", APP / "assets", compiled]
    run(command, "Linking the resources")
    config = {
        "android_resource_apk": package,
        "android_merged_manifest": TARGET / "AndroidManifest.xml",
        "android_merged_assets": APP / "assets",
        "android_custom_package": PACKAGE,
    }
    lines = [f"{key}={value}\n" for key, value in config.items()]
    path = resources / "test" / "com" / "android" / "tools" / "test_config.properties"
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    """Does it all."""
    TARGET.mkdir(exist_ok=True)
    runtime = fetch(RUNTIME_ARTIFACT, TARGET / "sdk", RUNTIME)
    monitor = fetch(MONITOR_ARTIFACT, TARGET / "sdk", MONITOR)
    extract(monitor, {"classes.jar": TARGET / "sdk" / "monitor.jar"})
    link(framework(runtime))
    print("Resources linked: R.java and resources.apk are in typecheck/target/resources.")


if __name__ == "__main__":
    main()
