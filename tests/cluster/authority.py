"""Certificates for what listens on the node's address, and the authority that signs them."""

import shutil

from node import ADDRESS, run

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]


class Authority:
    def __init__(self, home):
        self.home = home
        home.mkdir()
        for name in ("ca", "other"):  # the other one has signed nothing
            run("openssl", "req", "-x509", *KEY, "-keyout", home / f"{name}.key", "-out", home / f"{name}.crt", "-subj", f"/CN={name}")
        run("openssl", "req", *KEY, "-keyout", home / "server.key", "-out", home / "server.csr", "-subj", "/CN=server")
        (home / "names").write_text(f"subjectAltName=IP:{ADDRESS}\n")
        run("openssl", "x509", "-req", "-in", home / "server.csr", "-CA", home / "ca.crt", "-CAkey", home / "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", home / "names", "-out", home / "server.crt")

    def certificates(self):
        """For a Secret: of the authority that is right, and of the one that is not."""
        return {name: (self.home / name).read_text() for name in ("ca.crt", "other.crt")}

    def give_to(self, user, directory):
        """The server's own two files, as a server wants them."""
        for name in ("server.key", "server.crt"):
            shutil.copy(self.home / name, directory / name)
            shutil.chown(directory / name, user)
            (directory / name).chmod(0o600)

    def key_and_chain(self):
        """Both in one file, as Kafka takes them."""
        file = self.home / "server.pem"
        file.write_text((self.home / "server.key").read_text() + (self.home / "server.crt").read_text())
        return file
