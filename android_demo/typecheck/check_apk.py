"""Packs, signs and looks into an APK of the app and the stubs: a check, which cannot run.

    python3 check_apk.py

After the type check (it takes the classes of `target/classes`). D8 and R8 with the app's own rules,
aapt2 with the merged manifest, zipalign, apksigner with a key that is thrown away. Then: no class
missing, no permission but the camera's, models not compressed, everything uncompressed aligned to
16 kB, and how large it is. The APK is `target/check-with-stubs-not-for-use.apk`.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from merge_manifests import PACKAGE, written
from prepare import APP, HERE, TARGET, fetch, run

APK = TARGET / "check-with-stubs-not-for-use.apk"
ROOM = TARGET / "apk"
RULES = HERE.parent / "app" / "proguard-rules.pro"
FACES = HERE.parents[1] / "keras_madd" / "faces" / "models"
PAGE = 16384
# The native libraries and the real classes of MediaPipe and CameraX come on top.
MOST_BYTES = 12_000_000
POM = (HERE / "pom.xml").read_text(encoding="utf-8")
GRADLE = (HERE.parent / "app" / "build.gradle.kts").read_text(encoding="utf-8")


def jar(group: str, name: str, version: str) -> Path:
    """Returns an artifact of Maven Central; Maven's own copy where it has one."""
    file = f"{name}-{version}.jar"
    kept = Path.home() / ".m2" / "repository" / group.replace(".", "/") / name / version / file
    return kept if kept.exists() else fetch(f"{group}:{name}:{version}", TARGET / "sdk", file)


def version(name: str) -> str:
    """Returns a version that the type check's pom.xml states."""
    return re.search(rf"<{name}>([^<]+)<", POM).group(1)


def tools() -> tuple[Path, Path]:
    """Returns R8, which holds D8, and Android's classes."""
    android = re.search(r"<artifactId>android-all</artifactId>\s*<version>([^<]+)<", POM).group(1)
    return jar("com.android.tools", "r8", "8.13.19"), jar("org.robolectric", "android-all", android)


def java_home() -> str:
    """Returns where Java's own classes are, which Robolectric's Android leaves to it."""
    command = ["java", "-XshowSettings:properties", "-version"]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    return re.search(r"java\.home = (.+)", said).group(1)


def libraries() -> list[Path]:
    """Returns what is packed besides the app: what Maven Central has of it."""
    serialization = version("serialization.version")
    return [
        jar("org.jetbrains.kotlin", "kotlin-stdlib", version("kotlin.version")),
        jar("org.jetbrains.kotlinx", "kotlinx-serialization-json-jvm", serialization),
        jar("org.jetbrains.kotlinx", "kotlinx-serialization-core-jvm", serialization),
        jar("org.jetbrains", "annotations", "13.0"),
        jar("com.google.guava", "listenablefuture", "1.0"),
        jar("org.jspecify", "jspecify", "1.0.0"),
        jar("com.google.flogger", "flogger", "0.6"),
        jar("com.google.flogger", "flogger-system-backend", "0.6"),
    ]


def java(jar_file: Path, tool: str, *arguments) -> None:
    """Runs R8 or D8 and ends with its message where it fails."""
    # Short runs: one thread to collect, and no time spent on making the compiler's code better.
    quick = ["-Xmx1500m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    run(["java", *quick, "-cp", jar_file, f"com.android.tools.r8.{tool}", *arguments], tool)


def link() -> Path:
    """Links resources, assets and the merged manifest; writes the rules that layouts need."""
    manifest = ROOM / "AndroidManifest.xml"
    # Debian's aapt2 is older than these elements.
    text = re.sub(r"<uses-native-library[^>]*/>|<profileable[^>]*/>", "", written())
    manifest.write_text(text, encoding="utf-8")
    assets = ROOM / "assets"
    shutil.copytree(APP / "assets", assets, dirs_exist_ok=True)
    (assets / "faces").mkdir()
    for name in packed_face_models():
        shutil.copyfile(FACES / name, assets / "faces" / name)
    package = ROOM / "resources.apk"
    kept = "." + re.search(r'noCompress \+= "(\w+)"', GRADLE).group(1)
    command = ["aapt2", "link", "-I", TARGET / "framework.apk", "--manifest", manifest]
    command += ["-A", assets, "-o", package, "--proguard", ROOM / "layouts.pro"]
    command += ["--min-sdk-version", "26", "--target-sdk-version", "33"]
    command += ["--version-code", "1", "--version-name", "check", "-0", kept]
    run([*command, TARGET / "resources" / "compiled.zip"], "Linking the package")
    return package


def packed_face_models() -> list[str]:
    """Returns what Gradle copies out of the Python package."""
    return re.findall(r'"([\w.]+)"', re.search(r"names = listOf\(([^)]*)\)", GRADLE).group(1))


def compile_dex(package: Path) -> None:
    """Dexes the app with D8, then all with R8 and the app's rules; packs the latter."""
    r8, android = tools()
    classes = ROOM / "classes.jar"
    with zipfile.ZipFile(classes, "w") as archive:
        for path in sorted((TARGET / "classes").rglob("*.class")):
            archive.write(path, path.relative_to(TARGET / "classes"))
    common = ["--min-api", "26", "--lib", android, "--lib", java_home()]
    for tool in ("debug", "release"):
        (ROOM / tool).mkdir()
    beside = [part for path in libraries() for part in ("--classpath", path)]
    java(r8, "D8", *common, "--debug", "--output", ROOM / "debug", *beside, classes)
    rules = [RULES, HERE / "android_defaults.pro", ROOM / "layouts.pro"]
    given = [part for path in rules for part in ("--pg-conf", path)]
    output = ["--release", "--output", ROOM / "release"]
    java(r8, "R8", *common, *output, *given, classes, *libraries())
    with zipfile.ZipFile(package, "a") as archive:
        for path in sorted((ROOM / "release").glob("*.dex")):
            archive.write(path, path.name, zipfile.ZIP_DEFLATED)


def sign(package: Path) -> None:
    """Aligns the package and signs it with a key that nobody keeps."""
    run(["zipalign", "-f", PAGE, package, APK], "zipalign")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "key.p12"
        secret = ["-storepass", "throw-away", "-keystore", store, "-alias", "check"]
        command = ["keytool", "-genkeypair", *secret, "-keyalg", "RSA", "-keysize", "2048"]
        run([*command, "-validity", "2", "-dname", "CN=check with stubs"], "keytool")
        command = ["apksigner", "sign", "--ks", store, "--ks-pass", "pass:throw-away"]
        run([*command, "--v4-signing-enabled", "false", APK], "Signing")


def logs_after_shrinking() -> bool:
    """Tells whether a class that logs as MediaPipe's Graph does loads when our rules shrank it."""
    r8, _ = tools()
    source = ROOM / "logs" / "Logs.java"
    source.parent.mkdir()
    source.write_text(
        "import com.google.common.flogger.FluentLogger;\n"
        "public class Logs {\n"
        "  private static final FluentLogger logger = FluentLogger.forEnclosingClass();\n"
        '  public static void main(String[] a) { logger.atFine().log("%s", a.length); }\n'
        "}\n"
    )
    flogger = [path for path in libraries() if "flogger" in path.name]
    path = ":".join(map(str, flogger))
    run(["javac", "-cp", path, "-d", source.parent, source], "Compiling a class that logs")
    keep = source.with_name("main.pro")
    keep.write_text("-keep class Logs { public static void main(...); }\n-dontwarn **\n")
    shrunk = source.with_name("shrunk.jar")
    java(
        r8, "R8", "--classfile", "--lib", java_home(),
        "--output", shrunk, "--pg-conf", RULES, "--pg-conf", keep,
        source.with_suffix(".class"), *flogger,
    )  # fmt: skip
    return subprocess.run(["java", "-cp", shrunk, "Logs"], capture_output=True).returncode == 0


def look_inside() -> list[str]:
    """Returns what is wrong with the signed package, in words."""
    problems = []
    said = subprocess.run(["apksigner", "verify", "-v", APK], capture_output=True, text=True)
    for scheme in ("v2", "v3"):
        if not re.search(rf"{scheme} scheme.*: true", said.stdout):
            problems.append(f"not signed with {scheme}: {said.stdout}{said.stderr}")
    listed = subprocess.run(["aapt2", "dump", "permissions", APK], capture_output=True, text=True)
    asked = set(re.findall(r"uses-permission: name='([^']+)'", listed.stdout))
    own = {name for name in asked if name.startswith(PACKAGE)}
    if asked - own != {"android.permission.CAMERA"}:
        problems.append(f"asks for {sorted(asked - own)}")
    with zipfile.ZipFile(APK) as archive:
        code = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".dex"))
        problems += entries(archive)
    for name in needed_classes():
        if f"L{name.replace('.', '/')};".encode() not in code:
            problems.append(f"the class {name} is missing")
    if APK.stat().st_size > MOST_BYTES:
        problems.append(f"{APK.stat().st_size} bytes are more than {MOST_BYTES}")
    return problems


def entries(archive: zipfile.ZipFile) -> list[str]:
    """Returns what is wrong with how the entries of a package lie in it."""
    problems = []
    models = {f"assets/faces/{name}" for name in packed_face_models()} | {"assets/model.tflite"}
    if missing := models - set(archive.namelist()):
        problems.append(f"there is no {sorted(missing)}")
    for entry in archive.infolist():
        name, stored = entry.filename, entry.compress_type == zipfile.ZIP_STORED
        mapped = name.endswith((".tflite", ".so", ".arsc"))
        if mapped and not stored:
            problems.append(f"{name} is compressed and cannot be mapped into memory")
        if mapped and (data_offset(archive, entry)) % PAGE:
            problems.append(f"{name} is not aligned to {PAGE} bytes")
        if name.endswith(".tflite") and name not in models:
            problems.append(f"{name} is packed and not used")
    return problems


def data_offset(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """Returns where the bytes of an entry begin: its local header has lengths of its own."""
    archive.fp.seek(entry.header_offset + 26)
    lengths = archive.fp.read(4)
    name, extra = (int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
    return entry.header_offset + 30 + name + extra


def needed_classes() -> list[str]:
    """Returns what is looked up by name: by Android, by layouts, by native code, on the stack."""
    components = re.findall(r'android:name="\.(\w+)"', (APP / "AndroidManifest.xml").read_text())
    return [
        *(f"{PACKAGE}.{name}" for name in components),
        f"{PACKAGE}.ui.OverlayView",
        "androidx.camera.view.PreviewView",
        "androidx.core.content.FileProvider",
        "com.google.mediapipe.tasks.vision.facedetector.FaceDetector",
        "com.google.ai.edge.litert.CompiledModel",
        "com.google.common.flogger.FluentLogger",
    ]


def main() -> None:
    """Does it all; ends with what is wrong."""
    shutil.rmtree(ROOM, ignore_errors=True)
    ROOM.mkdir(parents=True)
    package = link()
    compile_dex(package)
    sign(package)
    problems = look_inside()
    if not logs_after_shrinking():
        problems.append("after R8, FluentLogger.forEnclosingClass() fails: no face is found")
    if problems:
        sys.exit("The check APK:\n" + "\n".join(f"- {problem}" for problem in problems))
    with zipfile.ZipFile(APK) as archive:
        for entry in sorted(archive.infolist(), key=lambda entry: -entry.compress_size)[:8]:
            how = "stored" if entry.compress_type == zipfile.ZIP_STORED else "packed"
            print(f"{entry.compress_size:>9}  {how}  {entry.filename}")
    print(
        f"{APK.name}: {APK.stat().st_size} bytes with the app, its assets and stubs, without "
        "native libraries; signed, aligned to 16 kB, no permission but CAMERA, no class missing."
    )


if __name__ == "__main__":
    main()
