"""An S3 on a port of its own: path-style, signatures checked, multipart, outages (S125, S148).

Bucket `scraper-artifacts` is there; keys in `s3_signature`. POST /sandbox/s3/mode `{"mode"}`:
`ok`, `outage` (503 SlowDown to everything), `reset` (connections are cut), `read_only` (writes
answer 503). GET /sandbox/s3 lists the objects.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from povod.kit.errors import InputError
from povod.sandbox.helpers import s3_xml
from povod.sandbox.helpers.s3_signature import problem_of
from povod.sandbox.helpers.s3_store import S3Error, S3Store, Stored, Upload

BUCKET = "scraper-artifacts"
MODES = ("ok", "outage", "reset", "read_only")
_LOOPBACK = "127.0.0.1"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_LARGEST_XML = 2 << 20


@dataclass(frozen=True)
class Call:
    """One request, taken apart."""

    request: web.BaseRequest
    bucket: str
    key: str
    query: dict[str, str]

    @property
    def method(self) -> str:
        """The verb; HEAD is a GET whose body is left out."""
        return self.request.method


class S3Server:
    """The server and its switch."""

    def __init__(self, folder: Path) -> None:
        self.store = S3Store(folder, BUCKET)
        self.mode = "ok"
        self.port = 0
        self.calls = 0
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)

    async def begin(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, _LOOPBACK, 0).start()
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    def set_mode(self, spec: dict[str, Any]) -> dict[str, str]:
        """Begin or end an outage."""
        if spec.get("mode") not in MODES:
            raise InputError(f"mode: one of {', '.join(MODES)} expected, got {spec.get('mode')!r}")
        self.mode = str(spec["mode"])
        return {"mode": self.mode}

    def report(self) -> dict[str, Any]:
        """The objects with their sizes, the uploads under way, the calls so far."""
        buckets = {
            bucket: {key: stored.size for key, stored in objects.items()}
            for bucket, objects in self.store.buckets.items()
        }
        uploads = [upload.key for upload in self.store.uploads.values()]
        return {"mode": self.mode, "calls": self.calls, "buckets": buckets, "uploads": uploads}

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.calls += 1
        if self.mode == "reset" and request.transport is not None:
            request.transport.abort()
            return web.Response()
        try:
            self._refuse_outage(request.method)
            return await self._answer(_call_of(request))
        except S3Error as error:
            body = "" if request.method == "HEAD" else s3_xml.error(error.code, str(error))
            return web.Response(status=error.status, text=body, content_type="application/xml")

    def _refuse_outage(self, method: str) -> None:
        writing = self.mode == "read_only" and method not in {"GET", "HEAD"}
        if self.mode == "outage" or writing:
            raise S3Error(503, "SlowDown", "Please reduce your request rate.")

    async def _answer(self, call: Call) -> web.StreamResponse:
        raw_path, _, raw_query = call.request.raw_path.partition("?")
        problem = problem_of(call.method, raw_path, raw_query, call.request.headers)
        if problem:
            raise S3Error(403, problem)
        if not call.bucket:
            return _xml(s3_xml.buckets(self.store.buckets))
        return await (self._object(call) if call.key else self._bucket(call))

    async def _bucket(self, call: Call) -> web.StreamResponse:
        store = self.store
        match call.method:
            case "PUT":
                store.buckets.setdefault(call.bucket, {})
                return web.Response(headers={"Location": f"/{call.bucket}"})
            case "DELETE":
                store.drop_bucket(call.bucket)
                return web.Response(status=204)
            case "HEAD":
                store.bucket(call.bucket)
                return web.Response()
            case "POST" if "delete" in call.query:
                keys = s3_xml.keys_of(await _small(call.request))
                for key in keys:
                    store.delete(call.bucket, key)
                return _xml(s3_xml.deleted(keys))
            case "GET" if "location" in call.query:
                store.bucket(call.bucket)
                return _xml("<LocationConstraint/>")
            case "GET" if "uploads" in call.query:
                return _xml(s3_xml.uploads(call.bucket, store.uploads))
            case "GET":
                return _xml(s3_xml.listing(call.bucket, store.bucket(call.bucket), call.query))
            case _:
                raise S3Error(405, "MethodNotAllowed")

    async def _object(self, call: Call) -> web.StreamResponse:
        match call.method:
            case "GET" | "HEAD":
                return await self._send(call)
            case "PUT":
                return await self._put(call)
            case "POST" if "uploads" in call.query:
                upload = Upload(call.bucket, call.key, *_described(call.request))
                number = self.store.begin_upload(upload)
                return _xml(s3_xml.initiated(call.bucket, call.key, number))
            case "POST" if "uploadId" in call.query:
                number = call.query["uploadId"]
                upload = self.store.upload(number, call.bucket, call.key)
                wanted = s3_xml.parts_of(await _small(call.request))
                stored = self.store.complete(number, upload, wanted)
                return _xml(s3_xml.completed(call.bucket, call.key, stored.etag))
            case "DELETE":
                if "uploadId" in call.query:
                    self.store.upload(call.query["uploadId"], call.bucket, call.key)
                    self.store.abort(call.query["uploadId"])
                else:
                    self.store.delete(call.bucket, call.key)
                return web.Response(status=204)
            case _:
                raise S3Error(405, "MethodNotAllowed")

    async def _put(self, call: Call) -> web.StreamResponse:
        self.store.bucket(call.bucket)
        if "x-amz-copy-source" in call.request.headers:
            return self._copy(call)
        number = call.query.get("uploadId")
        upload = self.store.upload(number, call.bucket, call.key) if number else None
        stored = await self._received(call.request)
        if upload is not None:
            upload.parts[int(call.query.get("partNumber", "1"))] = stored
        else:
            self.store.put(call.bucket, call.key, stored)
        return web.Response(headers={"ETag": f'"{stored.etag}"'})

    def _copy(self, call: Call) -> web.StreamResponse:
        source = unquote(call.request.headers["x-amz-copy-source"]).lstrip("/")
        bucket, _, key = source.partition("/")
        original = self.store.find(bucket, key)
        path = self.store.new_file()
        path.write_bytes(original.path.read_bytes())
        copy = Stored(path, original.size, original.etag, original.kind, original.metadata)
        self.store.put(call.bucket, call.key, copy)
        return _xml(s3_xml.copied(copy))

    async def _received(self, request: web.BaseRequest) -> Stored:
        """The body in a file, its checksum compared with what was signed."""
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        path = self.store.new_file()
        md5 = hashlib.md5(usedforsecurity=False)
        sha, size = hashlib.sha256(), 0
        with path.open("wb") as target:
            async for block in _body(request):
                target.write(block)
                md5.update(block)
                sha.update(block)
                size += len(block)
        signed = request.headers.get("x-amz-content-sha256", "")
        if len(signed) == 64 and signed != sha.hexdigest():
            path.unlink()
            raise S3Error(400, "XAmzContentSHA256Mismatch")
        return Stored(path, size, md5.hexdigest(), *_described(request))

    async def _send(self, call: Call) -> web.StreamResponse:
        stored = self.store.find(call.bucket, call.key)
        start, stop, status = _range(call.request.headers.get("Range", ""), stored.size)
        headers = {
            "ETag": f'"{stored.etag}"',
            "Last-Modified": format_datetime(stored.modified, usegmt=True),
            "Content-Type": stored.kind,
            "Content-Length": str(stop - start),
            "Accept-Ranges": "bytes",
            **{f"x-amz-meta-{name}": value for name, value in stored.metadata.items()},
        }
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(call.request)
        if call.method == "GET":
            with stored.path.open("rb") as source:
                source.seek(start)
                while start < stop and (block := source.read(min(1 << 20, stop - start))):
                    start += len(block)
                    await response.write(block)
        await response.write_eof()
        return response


def _call_of(request: web.BaseRequest) -> Call:
    path, _, query = request.raw_path.partition("?")
    bucket, _, key = path.lstrip("/").partition("/")
    return Call(request, unquote(bucket), unquote(key), dict(parse_qsl(query, True)))


def _described(request: web.BaseRequest) -> tuple[str, dict[str, str]]:
    """Content type and user metadata of an object."""
    kind = request.headers.get("Content-Type", "binary/octet-stream")
    own = {
        name.lower().removeprefix("x-amz-meta-"): value
        for name, value in request.headers.items()
        if name.lower().startswith("x-amz-meta-")
    }
    return kind, own


async def _body(request: web.BaseRequest) -> AsyncIterator[bytes]:
    """The bytes of an object; the framing of `aws-chunked` bodies is taken off."""
    if not request.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        async for block in request.content.iter_any():
            yield block
        return
    while True:
        line = await request.content.readline()
        size = int(line.partition(b";")[0] or b"0", 16)
        if not size:
            break
        yield await request.content.readexactly(size)
        await request.content.readline()
    async for _ in request.content.iter_any():  # the trailers
        pass


async def _small(request: web.BaseRequest) -> bytes:
    body = bytearray()
    async for block in request.content.iter_any():
        body += block
        if len(body) > _LARGEST_XML:
            raise S3Error(400, "MaxMessageLengthExceeded")
    return bytes(body)


def _range(header: str, size: int) -> tuple[int, int, int]:
    """(start, stop, status) of the bytes that are asked for."""
    found = _RANGE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return 0, size, 200
    if not found[1]:
        return max(0, size - int(found[2])), size, 206
    start = int(found[1])
    if start >= size:
        raise S3Error(416, "InvalidRange", "The requested range is not satisfiable")
    stop = min(int(found[2]) + 1, size) if found[2] else size
    return start, stop, 206


def _xml(text: str) -> web.Response:
    return web.Response(text=f"{s3_xml.HEADER}{text}", content_type="application/xml")
