"""Kernels that talk through sockets in a folder instead of TCP ports.

Every page is executed by a kernel of its own. Over TCP, its five ports are chosen
before it starts and may be taken when it does: on a busy machine a build now and then
failed with "Address already in use". Sockets in a folder of its own are nobody else's.
"""

import sys
import tempfile
from pathlib import Path

import jupyter_client


class FolderKernelManager(jupyter_client.AsyncKernelManager):
    """Starts a kernel whose sockets lie in a temporary folder."""

    def __init__(self, **options):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        file = str(Path(self.folder.name, "kernel.json"))
        super().__init__(transport="ipc", connection_file=file, **options)

    def cleanup_ipc_files(self):
        """Remove the folder with the sockets: the kernel of a page never restarts."""
        self.folder.cleanup()


def setup(app):
    """Let nbclient, which asks for it by this name, find the manager above."""
    if sys.platform != "win32":
        jupyter_client.AsyncKernelManager = FolderKernelManager
    return {"parallel_read_safe": True, "parallel_write_safe": True}
