"""Merges the app's manifest with those of its libraries, as Gradle would: as far as they are known.

The libraries' own manifests lie in Google's Maven repository; `manifests/` states in our words what
they add. Of Android's merging rules this knows those that matter here: everything a library has is
added, unless the app has an element of that name; `tools:node="remove"` takes it out.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = "org.kerasmadd.demo"
ANDROID = "http://schemas.android.com/apk/res/android"
TOOLS = "http://schemas.android.com/tools"
NAME, NODE = f"{{{ANDROID}}}name", f"{{{TOOLS}}}node"


def libraries(build: str) -> list[Path]:
    """Returns the manifests of the libraries that a build script leaves in."""
    found = sorted((HERE / "manifests").glob("*.xml"))
    if re.search(r'exclude\(group = "com\.google\.android\.play"\)', build):
        found = [path for path in found if path.name != "play_delivery.xml"]
    return found


def merge(app: str, added: list[str]) -> ElementTree.Element:
    """Returns the manifest of the package.

    Args:
        app: The app's manifest, which has the last word.
        added: The libraries' manifests.
    """
    root = _parse(app)
    root.set("package", PACKAGE)
    for text in added:
        _add(root, _parse(text))
    for parent in (root, root.find("application")):
        for element in list(parent):
            if element.get(NODE) == "remove":
                parent.remove(element)
    for element in root.iter():
        for name in [name for name in element.attrib if name.startswith(f"{{{TOOLS}}}")]:
            del element.attrib[name]
    return root


def _parse(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.replace("${applicationId}", PACKAGE))


def _add(into: ElementTree.Element, library: ElementTree.Element) -> None:
    known = {(element.tag, element.get(NAME)) for element in into}
    for element in library:
        if element.tag == "application":
            _add(into.find("application"), element)
        elif (element.tag, element.get(NAME)) not in known:
            into.append(element)


def merged() -> ElementTree.Element:
    """Returns the merged manifest of the app as it stands."""
    app = HERE.parent / "app"
    added = libraries((app / "build.gradle.kts").read_text(encoding="utf-8"))
    texts = [path.read_text(encoding="utf-8") for path in added]
    return merge((app / "src/main/AndroidManifest.xml").read_text(encoding="utf-8"), texts)


def written() -> str:
    """Returns the merged manifest as text."""
    ElementTree.register_namespace("android", ANDROID)
    return ElementTree.tostring(merged(), encoding="unicode")
