#!/usr/bin/env python3
"""Packs a root directory as an image of one layer, as the OCI describes it.

    archive := tar of oci-layout, index.json, blobs/sha256/{index's manifest, its config, its layer}

https://github.com/opencontainers/image-spec/blob/main/image-layout.md. The same directory and arguments give the same bytes.
Healthcheck is no member of the OCI's config; Docker reads it there all the same, and others leave it alone.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import tarfile
from datetime import datetime, timezone
from pathlib import Path

USER = 65532
OWNED = "var/lib/understudy"
SECOND = 1_000_000_000


def tar_of(entries, created):
    """`entries`: (name, path of a file to take), (name, bytes), or (name, None) for a directory."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in entries:
            if isinstance(content, Path):
                add_file(tar, name, content, created)
                continue
            info = tarfile.TarInfo(name)
            info.mtime = created
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    return packed.getvalue()


def add_file(tar, name, path, created):
    info = tar.gettarinfo(path, name)
    info.uid = info.gid = USER if name == OWNED else 0
    info.uname = info.gname = ""
    info.mtime = created
    if info.isreg():
        with open(path, "rb") as file:
            tar.addfile(info, file)
    else:
        tar.addfile(info)


def files_of(root):
    for directory, directories, files in os.walk(root):
        directories.sort()
        here = Path(directory)
        links = [name for name in directories if (here / name).is_symlink()]
        if here != root:
            yield str(here.relative_to(root)), here
        for name in sorted(files + links):
            yield str((here / name).relative_to(root)), here / name


def config_of(layer, arguments):
    created = datetime.fromtimestamp(arguments.created, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "architecture": arguments.architecture,
        "os": "linux",
        "created": created,
        "config": {
            "User": f"{USER}:{USER}",
            "Env": ["PATH=/usr/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
            "Entrypoint": ["/usr/bin/understudy"],
            "Cmd": ["run"],
            "WorkingDir": "/",
            "StopSignal": "SIGTERM",
            "Volumes": {"/" + OWNED: {}},
            "Healthcheck": {"Test": ["CMD", "/usr/bin/understudy", "ready"], "Interval": 10 * SECOND,
                            "Timeout": 5 * SECOND, "StartPeriod": 600 * SECOND, "Retries": 3},
            "Labels": {
                "org.opencontainers.image.title": "understudy",
                "org.opencontainers.image.description": "A read-only JSON copy of Postgres tables next to an application",
                "org.opencontainers.image.version": arguments.version,
                "org.opencontainers.image.revision": arguments.revision,
                "org.opencontainers.image.created": created,
                "org.opencontainers.image.licenses": "MIT",
                "org.opencontainers.image.base.name": "scratch",
            },
        },
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": ".ci/image"}],
    }


def main():
    wanted = argparse.ArgumentParser()
    wanted.add_argument("--root", type=Path, required=True)
    wanted.add_argument("--archive", type=Path, required=True)
    wanted.add_argument("--version", required=True)
    wanted.add_argument("--revision", required=True)
    wanted.add_argument("--created", type=int, required=True)
    wanted.add_argument("--architecture", default="amd64")
    arguments = wanted.parse_args()

    blobs = {}

    def store(content, kind, **more):
        digest = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content), **more}

    layer = tar_of(files_of(arguments.root), arguments.created)
    config = store(json.dumps(config_of(layer, arguments)).encode(), "config.v1+json")
    packed = store(gzip.compress(layer, mtime=0), "layer.v1.tar+gzip")
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config,
                "layers": [packed]}
    entry = store(json.dumps(manifest).encode(), "manifest.v1+json",
                  annotations={"org.opencontainers.image.ref.name": arguments.version.replace("+", "-")},  # a tag has no +
                  platform={"architecture": arguments.architecture, "os": "linux"})
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
    # syft does not make the directories by itself.
    archive = [("blobs", None), ("blobs/sha256", None), ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", json.dumps(index).encode()),
               *sorted(blobs.items())]
    arguments.archive.write_bytes(tar_of(archive, arguments.created))
    print(f"{arguments.archive}: {len(layer) / 1e6:.1f} MB, {packed['size'] / 1e6:.1f} MB compressed")


if __name__ == "__main__":
    main()
