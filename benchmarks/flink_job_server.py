"""Make Beam's Flink job server from its libraries, which Maven fetches: for `beam_engine.py`.

    python benchmarks/flink_job_server.py flink.jar
    python benchmarks/beam_engine.py --job-server flink.jar --environment EXTERNAL --videos 200 \
        --flink-cluster

Beam publishes it as one large jar too, `beam-runners-flink-*-job-server`; where that cannot be
had, this small one names the libraries and starts the same program. Flink is among them: by
itself the job server runs an embedded cluster. Needs Java 11 or 17 and Maven.
"""

import argparse
import subprocess
import tempfile
import zipfile
from pathlib import Path

LIBRARY = "org.apache.beam:beam-runners-flink-{flink}:{beam}"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
MAIN = "org.apache.beam.runners.flink.FlinkJobServerDriver"
# What Flink looks into by reflection, which Java 17 wants to be told.
ADDED_OPENS = [
    f"java.base/{package}"
    for package in (
        *("java.io", "java.lang", "java.lang.invoke", "java.lang.reflect", "java.net"),
        *("java.nio", "java.text", "java.time", "java.util", "java.util.concurrent", "sun.nio.ch"),
    )
]
EXPORTED = "java.base/sun.net.util"
PROJECT = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>keras-madd</groupId><artifactId>flink-job-server</artifactId><version>1</version>
  <dependencies>{}</dependencies>
</project>
"""


def main() -> None:
    """Write the jar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, metavar="JAR")
    parser.add_argument("--flink", default="1.16", help="of the library's name")
    parser.add_argument("--beam", default="2.56.0", help="may be older than Python's")
    args = parser.parse_args()
    jars = libraries([LIBRARY.format(flink=args.flink, beam=args.beam), LOGGING])
    manifest = {
        "Manifest-Version": "1.0",
        "Main-Class": MAIN,
        "Class-Path": " ".join(jar.as_uri() for jar in jars),
        "Add-Opens": " ".join(ADDED_OPENS),
        "Add-Exports": EXPORTED,
    }
    with zipfile.ZipFile(args.output, "w") as file:
        file.writestr("META-INF/MANIFEST.MF", "".join(header(*line) for line in manifest.items()))
    print(f"{args.output}: {len(jars)} libraries")


def libraries(artifacts: list[str]) -> list[Path]:
    """Fetch them and all that they need; returns the jars."""
    wanted = ""
    for artifact in artifacts:
        group, name, version = artifact.split(":")
        wanted += f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        wanted += f"<version>{version}</version></dependency>"
    with tempfile.TemporaryDirectory() as folder:
        project, found = Path(folder) / "pom.xml", Path(folder) / "classpath"
        project.write_text(PROJECT.format(wanted))
        goal = ["dependency:build-classpath", f"-Dmdep.outputFile={found}"]
        subprocess.run(["mvn", "-q", "--batch-mode", "-f", project, *goal], check=True)
        return [Path(jar) for jar in found.read_text().strip().split(":")]


def header(name: str, value: str) -> str:
    """A line of a manifest, folded to the 72 bytes that Java allows."""
    line = f"{name}: {value}"
    folded = [line[:70], *(f" {line[at : at + 69]}" for at in range(70, len(line), 69))]
    return "\r\n".join(folded) + "\r\n"


if __name__ == "__main__":
    main()
