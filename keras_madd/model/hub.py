"""Presets from and to the Hugging Face hub: `hf://user/name`, as Keras Hub does it.

A preset's folder with its model card is a repository as it is. Only the files of a preset are
fetched, by name and up to a size; none of them holds code.
"""

import os
import re
from pathlib import Path
from typing import Any

from keras_madd.support.errors import UserError
from keras_madd.support.extras import advice_on_missing

PREFIX = "hf://"
MIB = 2**20
# A network of one's own is described layer by layer.
MOST_CONFIG_BYTES = 16 * MIB
# Bytes that a file may have, and whether a preset must have it.
FILES = {
    "config.json": (MOST_CONFIG_BYTES, True),
    "model.weights.h5": (1024 * MIB, True),
    "model.tflite": (512 * MIB, False),
    "model.json": (MIB // 16, False),
    "README.md": (MIB, False),
}
_URI = re.compile(r"hf://(?P<repository>[\w.-]+/[\w.-]+?)(@(?P<revision>[\w./-]+))?")


def is_hub_uri(preset: str | os.PathLike) -> bool:
    """Tell whether a preset is named by its place on the hub."""
    return isinstance(preset, str) and preset.startswith(PREFIX)


def fetch_preset(uri: str) -> Path:
    """Fetch a preset from the hub into its cache, or find it there.

    Args:
        uri: `hf://user/name`, or `hf://user/name@revision` for a branch, a tag or a commit.

    Returns:
        The preset's folder in the cache of `huggingface_hub`.

    Raises:
        UserError: If huggingface_hub is not installed, the name is none, there is no network and
            the preset is not in the cache, there is no such preset, or a file is too large.
    """
    hub = _hub()
    repository, revision = _parsed(uri)
    folder, online = None, True
    for name, (most, needed) in FILES.items():
        place: dict[str, Any] = {"repo_id": repository, "filename": name, "revision": revision}
        try:
            if online:
                url = hub.hf_hub_url(**place)
                online, facts = _facts_of(hub, url)
            if online and (facts.size is None or facts.size > most):
                raise UserError(
                    f"{uri}: {name} may have {most:,} bytes. Received: {facts.size} bytes"
                )
            path = Path(hub.hf_hub_download(**place, local_files_only=not online))
        except hub.errors.LocalEntryNotFoundError as error:
            if needed:
                raise UserError(
                    f"{uri} is not in the cache and the hub cannot be reached. With a network it "
                    "is fetched once; else give the path of a preset's folder."
                ) from error
            continue
        except hub.errors.EntryNotFoundError as error:
            if needed:
                raise UserError(f"{uri} is no preset: it has no {name}.") from error
            continue
        except (hub.errors.HfHubHTTPError, hub.errors.HFValidationError, OSError) as error:
            raise UserError(f"{uri} cannot be fetched: {_reason(hub, error)}") from error
        # A folder is called by its commit: all files are of one, whatever is pushed meanwhile.
        folder, revision = path.parent, path.parent.name
    assert folder is not None  # Some file is needed.
    return folder


def _facts_of(hub, url: str) -> tuple[bool, Any]:
    """Ask for a file's commit and size, once: `hf_hub_download` would try for half a minute.

    Returns:
        Whether the hub answers, and its answer.
    """
    try:
        return True, hub.get_hf_file_metadata(url)
    except (hub.errors.HfHubHTTPError, hub.errors.FileMetadataError):
        raise
    except Exception:  # No name, no route, refused, timed out: each client has its own errors.
        return False, None


def upload_preset(
    uri: str, folder: str | os.PathLike, *, private: bool = False, token: str | None = None
) -> str:
    """Upload a preset's folder to the hub; the repository is made if there is none.

    Args:
        uri: `hf://user/name`, or `hf://user/name@branch`.
        folder: What `save_to_preset` wrote, with a model card `README.md`. Its exported twin
            `model.tflite` and `model.json` go with it; other files stay.
        private: Whether a new repository is private.
        token: Of the hub; `None`: what `hf auth login` or `HF_TOKEN` gave.

    Returns:
        Address of the commit.

    Raises:
        UserError: If huggingface_hub is not installed, the name is none, the folder lacks a file,
            or the hub refuses.
    """
    hub = _hub()
    repository, revision = _parsed(uri)
    folder = Path(folder)
    for name, (most, needed) in FILES.items():
        path = folder / name
        if (needed or name == "README.md") and not path.is_file():
            raise UserError(f"A preset to upload must hold {name}. Received: folder={folder}")
        if path.is_file() and path.stat().st_size > most:
            raise UserError(f"{path} may have {most:,} bytes at most.")
    api = hub.HfApi(token=token, library_name="keras-madd")
    try:
        api.create_repo(repository, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repository,
            folder_path=folder,
            revision=revision,
            allow_patterns=list(FILES),
            # An older network's exported twin must not stay beside these weights.
            delete_patterns=[name for name in FILES if not (folder / name).is_file()] or None,
            commit_message="Upload a keras_madd preset",
        )
    except (
        hub.errors.HfHubHTTPError,
        hub.errors.HFValidationError,
        hub.errors.LocalTokenNotFoundError,
        OSError,
    ) as error:
        raise UserError(f"{uri} cannot be uploaded: {_reason(hub, error)}") from error
    return str(commit.commit_url)


def _parsed(uri: str) -> tuple[str, str | None]:
    match = _URI.fullmatch(uri)
    if match is None:
        raise UserError(f"A preset on the hub is hf://user/name[@revision]. Received: {uri}")
    return match["repository"], match["revision"]


def _hub():
    try:
        import huggingface_hub
        import huggingface_hub.errors
    except ModuleNotFoundError as error:
        raise UserError(advice_on_missing(error) or str(error)) from error
    return huggingface_hub


def _reason(hub, error: Exception) -> str:
    if isinstance(error, hub.errors.GatedRepoError):
        return "access must be asked for on its page, and a token given (hf auth login)."
    if isinstance(error, hub.errors.RepositoryNotFoundError):
        return "there is no such repository, or it is private and needs a token (hf auth login)."
    if isinstance(error, hub.errors.RevisionNotFoundError):
        return "there is no such revision."
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
