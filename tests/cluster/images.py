"""Container images of single programs, with the libraries that they link to, as archives that containerd takes."""

import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path


def root_of(program, directory):
    """A root directory with the program as /program and every library that it links to."""
    directory.mkdir(parents=True)
    shutil.copy(program, directory / "program")
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout  # fails for a static program
    for library in re.findall(r"(/\S+) \(0x", linked):
        target = directory / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    return directory


def _tar(members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def write_image(name, root, entry_point, archive, user="65532"):
    """One layer, as https://github.com/opencontainers/image-spec/blob/main/image-layout.md has it."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(root, arcname=".")
    blobs = {}

    def blob(content, kind):
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    packed = blob(layer.getvalue(), "layer.v1.tar")
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"User": user, "Entrypoint": entry_point, "Env": ["PATH=/usr/bin:/"]},
                              "rootfs": {"type": "layers", "diff_ids": [packed["digest"]]}}).encode(), "config.v1+json")
    manifest = blob(json.dumps({"schemaVersion": 2, "config": config, "layers": [packed]}).encode(), "manifest.v1+json")
    manifest["annotations"] = {"io.containerd.image.name": name}
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    Path(archive).write_bytes(_tar([("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index), *blobs.items()]))
    return archive
