"""The browser page: an exported model, the page and its runtimes in one static folder."""

from keras_madd.web.folder import write_web_folder

__all__ = ["write_web_folder"]
