"""A private nginx with one worker, on a unix socket, that serves small files."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from measuring import wait_until

CONFIG = """
daemon off;
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type application/json;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    open_file_cache max=100000 inactive=1h;
    open_file_cache_valid 1h;
    client_body_temp_path {home}/temporary;
    proxy_temp_path {home}/temporary;
    fastcgi_temp_path {home}/temporary;
    uwsgi_temp_path {home}/temporary;
    scgi_temp_path {home}/temporary;
    server {{ listen unix:{home}/http; root {home}/files; }}
}}
"""


class Nginx:
    """`files` by path. With its defaults nginx would open and close the file for each request, so it may keep them open."""

    def __init__(self, files):
        self.home = Path(tempfile.mkdtemp(prefix="understudy-bench-nginx-"))
        self.home.chmod(0o755)  # as root, nginx has its worker be www-data
        self.socket = self.home / "http"
        for path, text in files.items():
            (self.home / "files" / path).parent.mkdir(parents=True, exist_ok=True)
            (self.home / "files" / path).write_text(text)
        (self.home / "nginx.conf").write_text(CONFIG.format(home=self.home))

    def __enter__(self):
        self._process = subprocess.Popen(["/usr/sbin/nginx", "-p", self.home, "-e", self.home / "error.log",
                                          "-c", self.home / "nginx.conf"], start_new_session=True)
        wait_until(lambda: (self.home / "nginx.pid").exists() or self._process.poll() is not None, "nginx to start", 30)
        if self._process.poll() is not None:
            raise RuntimeError("nginx ended: " + (self.home / "error.log").read_text()[-1000:])
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def pid(self):
        return self._process.pid
